// SPDX-License-Identifier: Apache-2.0
// Runs are one sample when they differ in nothing but the seed; then a test of their scores means something.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "submission/checks.h"
#include "submission/score_test.h"

namespace caddie {
namespace {

/// Returns the sentences of import's notes of these kinds.
std::vector<std::string> notes_of(const SubmissionFacts& facts,
                                  std::initializer_list<std::string_view> kinds) {
  std::vector<std::string> texts;
  for (const ImportNote& note : facts.notes)
    if (std::count(kinds.begin(), kinds.end(), note.kind) > 0) texts.push_back(note.text);
  return texts;
}

/// Returns the sizes of code that the runs counted, each with the first that did: "50,001 (a.log:20)".
std::vector<std::string> sizes_of_code(const Runs& runs) {
  std::map<int64_t, std::string> places;
  for (const RunFacts* run : runs)
    if (run->code_bytes) places.emplace(run->code_bytes->value, run->code_bytes->where);
  std::vector<std::string> texts;
  for (const auto& [bytes, where] : places)
    texts.push_back(fmt::format("{} ({})", with_commas(bytes), where));
  return texts;
}

/// Holds which seeds the runs tell, and where.
struct SeedPlaces {
  std::map<int64_t, std::vector<std::string>> places;
  std::vector<std::string> untold;    // the names of runs that tell none
  std::vector<std::string> misnamed;  // sentences on runs that tell another than the names of their files
};
SeedPlaces places_of_seeds(const Runs& runs) {
  SeedPlaces seeds;
  for (const RunFacts* run : runs) {
    if (!run->seed) {
      seeds.untold.push_back(run->name);
      continue;
    }
    int64_t seed = run->seed->value;
    seeds.places[seed].push_back(run->seed->where);
    if (run->name_seed && *run->name_seed != seed)
      seeds.misnamed.push_back(fmt::format("{} tells the seed {}, other than its name", run->name, seed));
  }
  return seeds;
}

/// Says what a test found: the difference, the statistic and p.
std::string test_text(const ScoreTest& test, const SignificanceRules& rules) {
  std::string name = rules.test == "one_sample" ? "one-sample t-test"
                     : rules.test == "welch"    ? "Welch's test with its less biased df"
                                                : "Welch's test as SciPy computes it";
  std::string beyond = test.margin > 0 ? fmt::format(" by more than {:.5f} {}", test.margin, test.unit) : "";
  std::string text = fmt::format("{}, one-sided{}: t = {:.3f}, df {:.2f}, p = {:.3g}", name, beyond,
                                 test.tested.t, test.tested.df, test.tested.p);
  if (test.margin > 0) text += fmt::format(" (p = {:.3g} of being lower at all)", test.plain.p);
  return text;
}

/// Says what is compared: means, SDs and numbers of runs.
std::string means_text(const ScoreTest& test, const SubmissionFacts& facts) {
  auto sample = [](const Sample& s) {
    return s.n > 1 ? fmt::format("{:.5f} +- {:.5f} ({} runs)", s.mean, s.sd, s.n)
                   : fmt::format("{:.5f} (1 run)", s.mean);
  };
  std::string other = test.target ? fmt::format("the target {:g}", *test.target)
                                  : fmt::format("{} of {}", sample(test.record),
                                                facts.record_name.empty() ? "the record" : facts.record_name);
  return fmt::format("mean {} {} against {}: {:+.5f} {}", test.metric, sample(test.own), other,
                     test.plain.delta, test.unit);
}

}  // namespace

std::optional<RuleFinding> check_runs(const Rules& rules, const SubmissionFacts& facts) {
  RuleFinding finding;
  finding.asked = "at least " + counted(rules.runs.min_runs, "finished run");
  int64_t count = int64_t(facts.finished().size());
  finding.add(count >= rules.runs.min_runs ? RuleVerdict::met : RuleVerdict::not_met,
              fmt::format("{} of {} are finished", count, facts.runs.size()));
  for (const RunFacts& run : facts.runs)
    if (!run.is_finished()) finding.evidence.push_back(fmt::format("{}: {}", run.name, run.problem));
  return finding;
}

std::optional<RuleFinding> check_seeds(const Rules& rules, const SubmissionFacts& facts) {
  if (rules.runs.min_seeds == 0) return std::nullopt;
  RuleFinding finding;
  finding.asked = fmt::format("at least {} seeds, each run once", rules.runs.min_seeds);
  SeedPlaces seeds = places_of_seeds(facts.finished());
  int64_t count = int64_t(seeds.places.size()), most = count + int64_t(seeds.untold.size());
  RuleVerdict verdict = count >= rules.runs.min_seeds  ? RuleVerdict::met
                        : most >= rules.runs.min_seeds ? RuleVerdict::not_shown
                                                       : RuleVerdict::not_met;
  std::vector<std::string> shown;
  for (const auto& [seed, where] : seeds.places) shown.push_back(fmt::format("{} ({})", seed, where.front()));
  finding.add(verdict, shown.empty() ? "no run tells its seed"
                                     : fmt::format("{} seeds: {}", count, join(shown, ", ")));
  for (const auto& [seed, where] : seeds.places)
    if (where.size() > 1)
      finding.add(RuleVerdict::not_met,
                  fmt::format("seed {} was run {} times ({})", seed, where.size(), join(where, ", ")));
  for (std::string& text : seeds.misnamed) finding.evidence.push_back(std::move(text));
  if (!seeds.untold.empty() && !shown.empty())
    finding.evidence.push_back("no seed is told by " + join(seeds.untold, ", "));
  return finding;
}

std::optional<RuleFinding> check_settings(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.runs.same_settings) return std::nullopt;
  RuleFinding finding;
  finding.asked = "runs that differ in nothing but the seed";
  for (std::string& text :
       notes_of(facts, {"settings_differ", "another_record", "same_course", "other_stage"}))
    finding.add(RuleVerdict::not_met, std::move(text));
  if (std::vector<std::string> sizes = sizes_of_code(facts.finished()); sizes.size() > 1)
    finding.add(RuleVerdict::not_shown, "runs count code of different sizes: " + join(sizes, ", "));
  if (finding.verdict == RuleVerdict::not_met) return finding;
  if (facts.runs.size() < 2)
    finding.add(RuleVerdict::not_shown, "there is one run only");
  else if (!facts.settings_are_known)
    finding.add(RuleVerdict::not_shown, "not every run prints its settings");
  else
    finding.add(RuleVerdict::met,
                !facts.same_by.empty()
                    ? facts.same_by
                    : fmt::format("no setting that {} runs print differs", facts.runs.size()));
  return finding;
}

std::optional<RuleFinding> check_significance(const Rules& rules, const SubmissionFacts& facts) {
  if (!rules.significance) return std::nullopt;
  const SignificanceRules& asked = *rules.significance;
  RuleFinding finding;
  std::string beyond = asked.margin_nats > 0 ? fmt::format(" by {:g} nats per token", asked.margin_nats) : "";
  finding.asked = fmt::format("a score that is lower than the {}{}, at p < {:g}",
                              asked.target ? "target" : "record's", beyond, asked.alpha);
  ScoreTest test = test_scores(asked, facts);
  if (!test.impossible.empty()) {
    finding.add(RuleVerdict::not_shown, test.impossible);
    return finding;
  }
  finding.evidence.push_back(means_text(test, facts));
  if (!lies_beyond(test.plain.delta, test.hypothesis))
    finding.add(RuleVerdict::not_met, "the mean is not lower" + (beyond.empty() ? std::string() : beyond));
  else if (!std::isfinite(test.tested.p))
    finding.add(RuleVerdict::not_shown, "no p: the runs tell nothing of the noise; add seeds");
  if (std::isfinite(test.tested.p))
    finding.add(test.tested.p < asked.alpha ? RuleVerdict::met : RuleVerdict::not_met,
                test_text(test, asked));
  return finding;
}

}  // namespace caddie
