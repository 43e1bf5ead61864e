// SPDX-License-Identifier: Apache-2.0
// What was scored is held against what is owed; what cannot be seen in a log of another program is not shown.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "submission/checks.h"

namespace caddie {
namespace {

/// Collects the same answer of several runs into one line of evidence, with the first run's place.
class Answers {
 public:
  void add(RuleVerdict verdict, std::string text, const std::string& where) {
    for (Answer& answer : answers_)
      if (answer.text == text) {
        ++answer.runs;
        return;
      }
    answers_.push_back({verdict, std::move(text), where});
  }
  void tell(RuleFinding& finding) const {
    for (const Answer& answer : answers_) {
      std::string more = answer.runs > 1 ? fmt::format(" and {} more", answer.runs - 1) : "";
      finding.add(answer.verdict, fmt::format("{} ({}{})", answer.text, answer.where, more));
    }
    if (answers_.empty()) finding.add(RuleVerdict::not_shown, "no run is finished");
  }

 private:
  struct Answer {
    RuleVerdict verdict;
    std::string text, where;
    int64_t runs = 1;
  };
  std::vector<Answer> answers_;
};

/// Says what is wrong with the number of tokens of the validation text; "" where it is right or not known.
std::string wrong_token_count(const ValidationRules& rules, const RunFacts& run) {
  if (!run.validation_tokens) return "";
  int64_t own = run.validation_tokens->value;
  int64_t owed = rules.tokens > 0 ? rules.tokens : run.tokenizer ? run.tokenizer->validation_tokens : 0;
  if (owed == 0 || is_near(double(own), double(owed), kTokenTolerance)) return "";
  return fmt::format("{} tokens of validation text, where {} are owed{}", with_commas(own), with_commas(owed),
                     own < owed ? ": a truncated shard, or another text" : ": another text");
}

/// Answers for a run of Caddie, which knows what it scored.
void answer_measured(const RunFacts& run, Answers& answers) {
  const Shown<int64_t>& scored = *run.scored_tokens;
  if (!run.owed_tokens)
    answers.add(RuleVerdict::not_shown,
                fmt::format("{} tokens were scored; the validation shards are not there to count",
                            with_commas(scored.value)),
                scored.where);
  else if (scored.value == run.owed_tokens->value)
    answers.add(
        RuleVerdict::met,
        fmt::format("all {} tokens of {} were scored", with_commas(scored.value), run.owed_tokens->where),
        scored.where);
  else
    answers.add(RuleVerdict::not_met,
                fmt::format("{} of {} tokens of {} were scored", with_commas(scored.value),
                            with_commas(run.owed_tokens->value), run.owed_tokens->where),
                scored.where);
}

void answer_printed(const ValidationRules& rules, const RunFacts& run, Answers& answers) {
  std::string where = run.validation_tokens ? run.validation_tokens->where : run.name;
  if (!run.unscored.empty()) answers.add(RuleVerdict::not_met, run.unscored, where);
  std::string wrong = wrong_token_count(rules, run);
  bool is_known = run.validation_tokens && (rules.tokens > 0 || run.tokenizer);
  if (!wrong.empty())
    answers.add(RuleVerdict::not_met, wrong, where);
  else if (is_known)
    answers.add(
        RuleVerdict::met,
        fmt::format("{} tokens of validation text, as {} has", with_commas(run.validation_tokens->value),
                    rules.tokens > 0 ? std::string_view("it") : run.tokenizer->name),
        where);
  else if (run.validation_tokens)
    answers.add(RuleVerdict::not_shown,
                fmt::format("{} tokens of a tokenizer whose numbers are not known",
                            with_commas(run.validation_tokens->value)),
                where);
  else
    answers.add(RuleVerdict::not_shown, "the tokens of the validation text are not told", where);
}

/// Answers for a run whose tokenizer's bytes are not known, or whose own are not told.
void answer_unknown_bytes(const RunFacts& run, const std::string& where, Answers& answers) {
  if (!run.other_bytes.empty())
    answers.add(RuleVerdict::not_met, run.other_bytes, where);
  else if (!run.bytes_per_token)
    answers.add(RuleVerdict::not_shown, "a loss and bits per byte are not both told", where);
  else
    answers.add(RuleVerdict::not_shown,
                fmt::format("{:.3f}, of a tokenizer whose bytes are not known", *run.bytes_per_token), where);
}

/// Answers whether the bytes per token of a run are those of its tokenizer.
void answer_bytes(double tolerance, const RunFacts& run, Answers& answers) {
  std::string where = run.bpb ? run.bpb->where : run.name;
  if (run.bytes_are_counted) {
    answers.add(RuleVerdict::met,
                fmt::format("{:.3f}, counted of the text that was scored", *run.bytes_per_token), where);
    return;
  }
  if (!run.tokenizer || !run.bytes_per_token) return answer_unknown_bytes(run, where, answers);
  double own = *run.bytes_per_token, known = run.tokenizer->bytes_per_token;
  bool right = is_near(own, known, tolerance);
  std::string text = fmt::format("{:.3f}, where {} has {:.3f}", own, run.tokenizer->name, known);
  std::optional<int64_t> tokens;
  if (run.validation_tokens) tokens = run.validation_tokens->value;
  if (!right)
    text += fmt::format(" ({:+.2f} %); likely cause: {}", 100 * (own / known - 1),
                        likely_cause(own, *run.tokenizer, tokens));
  answers.add(right ? RuleVerdict::met : RuleVerdict::not_met, text, where);
  if (right && !run.other_bytes.empty())
    answers.add(RuleVerdict::met, "another score of it, which does not count, has " + run.other_bytes, where);
}

/// Returns how a run that Caddie evaluated proves what its evaluator may not do; "" for other programs' runs.
std::string proof_of(const RunFacts& run, const char* contract) {
  if (run.evaluator.empty()) return "";
  return fmt::format("scored by Caddie's evaluator '{}', through a scorer that {}", run.evaluator, contract);
}

template <class Shows>
RuleFinding find_proof(const SubmissionFacts& facts, const char* asked, const char* contract, Shows shows) {
  RuleFinding finding;
  finding.asked = asked;
  Answers answers;
  for (const RunFacts* run : facts.finished()) {
    std::string proof = proof_of(*run, contract);
    std::string stage = run->stage.empty() ? "" : fmt::format(" of the score '{}'", run->stage);
    if (proof.empty())
      answers.add(RuleVerdict::not_shown, "a log cannot prove it" + stage + "; read the evaluation's source",
                  run->name);
    else
      shows(*run, std::move(proof), answers);
  }
  answers.tell(finding);
  return finding;
}

/// Returns the data of a run in words.
std::string data_text(const RunFacts& run) {
  std::vector<std::string> parts;
  for (const auto& [name, text] : run.data)
    parts.push_back(fmt::format("{} {}", name, run.data_is_hashed ? text.substr(0, 12) : printable(text)));
  return join(parts, ", ");
}

/// Returns the text of a name; "" where it is not there.
std::string value_of(const Labelled<std::string>& data, std::string_view name) {
  for (const auto& [label, text] : data)
    if (label == name) return text;
  return "";
}

/// Compares the data of two runs. Other hashes, another tokenizer or other tokens are other data; other names
/// of folders and other numbers of shards may be the same data in another place.
RuleVerdict compare_data(const RunFacts& a, const RunFacts& b) {
  if (a.data.empty() || b.data.empty() || a.data == b.data) return RuleVerdict::met;
  bool differ = a.data_is_hashed;
  for (const char* name : {"tokenizer_path", "val_tokens"}) {
    std::string own = value_of(a.data, name), other = value_of(b.data, name);
    differ |= !own.empty() && !other.empty() && own != other;
  }
  return differ ? RuleVerdict::not_met : RuleVerdict::not_shown;
}

}  // namespace

std::optional<RuleFinding> check_coverage(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.validation.whole) return std::nullopt;
  RuleFinding finding;
  finding.asked = "a score of all the validation text";
  Answers answers;
  for (const RunFacts* run : facts.finished())
    if (run->scored_tokens)
      answer_measured(*run, answers);
    else
      answer_printed(rules.validation, *run, answers);
  answers.tell(finding);
  return finding;
}

std::optional<RuleFinding> check_bytes_per_token(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.validation.right_bytes || is_speedrun(facts)) return std::nullopt;
  RuleFinding finding;
  finding.asked = fmt::format("val_loss / (ln 2 x val_bpb) of the tokenizer, within {:g} %",
                              100 * rules.validation.bytes_tolerance);
  Answers answers;
  for (const RunFacts* run : facts.finished()) answer_bytes(rules.validation.bytes_tolerance, *run, answers);
  answers.tell(finding);
  return finding;
}

std::optional<RuleFinding> check_score_first(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.evaluation.score_first) return std::nullopt;
  return find_proof(facts, "text is learned from only after its score stands",
                    "refuses to train on a token before it has scored it",
                    [](const RunFacts& run, std::string proof, Answers& answers) {
                      answers.add(RuleVerdict::met, std::move(proof), run.name);
                    });
}

std::optional<RuleFinding> check_single_pass(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.evaluation.single_pass) return std::nullopt;
  return find_proof(
      facts, "each token is scored once", "refuses to score a token again once it was trained on",
      [](const RunFacts& run, std::string proof, Answers& answers) {
        bool once =
            run.scored_tokens && run.owed_tokens && run.scored_tokens->value == run.owed_tokens->value;
        if (once)
          answers.add(RuleVerdict::met, proof + "; as many tokens were scored as there are",
                      run.scored_tokens->where);
        else
          answers.add(RuleVerdict::not_shown, proof + "; how many tokens there are is not known", run.name);
      });
}

std::optional<RuleFinding> check_same_data(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.data.same_data) return std::nullopt;
  RuleFinding finding;
  finding.asked = "all runs read the same data";
  Runs runs = facts.finished();
  Answers answers;
  for (const RunFacts* run : runs)
    if (run->data.empty())
      answers.add(RuleVerdict::not_shown, "nothing is told of the data", run->name);
    else
      answers.add(RuleVerdict::met, data_text(*run), run->name);
  answers.tell(finding);
  for (const RunFacts* run : runs) finding.verdict = std::max(finding.verdict, compare_data(*runs[0], *run));
  if (finding.verdict == RuleVerdict::met && !runs.empty() && !runs[0]->data_is_hashed)
    finding.evidence.push_back("these are names and counts as printed; only hashes would prove the content");
  return finding;
}

std::optional<RuleFinding> check_shards(const Rules& rules, const SubmissionFacts& facts) {
  RuleFinding finding;
  Answers answers;
  bool is_asked = false;
  for (const RunFacts* run : facts.finished()) {
    auto limit =
        run->tokenizer ? rules.data.shards.find(std::string(run->tokenizer->name)) : rules.data.shards.end();
    if (limit == rules.data.shards.end()) continue;
    is_asked = true;
    finding.asked =
        fmt::format("the training shards that are published for {}, {} at most", limit->first, limit->second);
    if (!run->train_shards)
      answers.add(RuleVerdict::not_shown, "the number of training shards is not told", run->name);
    else if (run->train_shards->value <= limit->second)
      answers.add(RuleVerdict::met, fmt::format("{} shards", run->train_shards->value),
                  run->train_shards->where);
    else
      answers.add(RuleVerdict::not_met,
                  fmt::format("{} shards: this text was prepared elsewhere, where another split would put "
                              "validation text into training",
                              with_commas(run->train_shards->value)),
                  run->train_shards->where);
  }
  if (!is_asked) return std::nullopt;
  answers.tell(finding);
  return finding;
}

std::optional<RuleFinding> check_overlap(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.data.overlap) return std::nullopt;
  RuleFinding finding;
  finding.asked = fmt::format("at most {:g} % of n-grams of {} validation tokens in the training text",
                              100 * rules.data.overlap_share, rules.data.ngram_tokens);
  if (!facts.overlap) {
    finding.add(RuleVerdict::not_shown,
                facts.no_overlap.empty() ? "it was not looked for" : facts.no_overlap);
    return finding;
  }
  const Overlap& overlap = *facts.overlap;
  if (overlap.samples == 0) {
    finding.add(RuleVerdict::not_shown, "the validation text has no n-gram that could be told apart");
    return finding;
  }
  std::string first = overlap.first.empty() ? "" : ", the first in " + overlap.first;
  finding.add(overlap.share() <= rules.data.overlap_share ? RuleVerdict::met : RuleVerdict::not_met,
              fmt::format("{} of {} sampled ({:.3g} %) are in {}, of {} tokens{}", with_commas(overlap.found),
                          with_commas(overlap.samples), 100 * overlap.share(), overlap.train,
                          with_commas(overlap.train_tokens), first));
  finding.evidence.push_back(overlap.is_recorded ? "the shards are those that the runs read, by their hashes"
                                                 : "that the runs read these shards is not proved");
  return finding;
}

}  // namespace caddie
