// SPDX-License-Identifier: Apache-2.0
// caddie eval RUN and caddie artifact score FILE give the score of the weights in an artifact, or an estimate
// of it from a part of the text.
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "results/metrics.h"
#include "results/summary.h"
#include "run/candidate.h"

namespace caddie {
namespace {

struct ScoreArguments {
  ExperimentArguments experiment;
  std::filesystem::path artifact, against;
  std::vector<std::string> evaluators;  // the labels of those that score; empty for all
  int64_t stride = 0;
  double subset = 0;  // the share of the stream to estimate from; 0 scores all of it
  bool json = false;
};

void print(const std::string& label, const Score& s, bool headline) {
  tell("{:<20} {:>10.6f} {:>10.6f} {:>13} {:>13} {:>10} {:>9.1f}{}\n", label, s.bits_per_byte(), s.loss(),
       with_commas(s.tokens), with_commas(s.bytes), with_commas(s.windows), s.seconds,
       headline ? "  headline" : "");
}

void print(const std::string& label, const RatioEstimate& e, const PartScore& part) {
  tell("{:<20} {:>10.6f} +- {:.6f} (95 % CI), from {} stretches, {} of {} positions, {:.1f} s\n", label,
       e.ratio, e.high - e.ratio, part.stretches.size(), with_commas(part.score.tokens),
       with_commas(part.whole), part.score.seconds);
}

// The key of an estimate differs from that of the score itself, so that nobody takes one for the other.
Json json_of(const RatioEstimate& e, const PartScore& part, double subset) {
  return {{std::string(kBpb.name) + "_estimate", e.ratio},
          {"ci_low", e.low},
          {"ci_high", e.high},
          {"subset", subset},
          {"stretches", part.stretches.size()},
          {"tokens", part.score.tokens},
          {"of_tokens", part.whole},
          {"seconds", part.score.seconds}};
}

Json score_all(const Candidate& candidate, const std::string& label, const ScoreArguments& arguments) {
  Score score = candidate.score(label);
  if (!arguments.json) print(label, score, label == candidate.headline());
  return written(ScoreRecord(score));
}

Json score_subset(const Candidate& candidate, const Candidate* other, const std::string& label,
                  const ScoreArguments& arguments) {
  PartScore part = candidate.score_part(label, arguments.subset);
  RatioEstimate own = estimate_bits_per_byte(part);
  Json out = json_of(own, part, arguments.subset);
  if (!arguments.json) print(label, own, part);
  if (!other) return out;
  PartScore others = other->score_part(label, arguments.subset);
  RatioEstimate delta = estimate_bits_per_byte(part, &others);
  out["against"] = {{"artifact", other->artifact().string()},
                    {"delta_bpb_estimate", delta.ratio},
                    {"ci_low", delta.low},
                    {"ci_high", delta.high}};
  if (!arguments.json) print("  less the other's", delta, others);
  return out;
}

void score_verb(ScoreArguments& arguments) {
  Device device = arguments.experiment.prepare();
  CandidateOptions options{arguments.experiment.file, arguments.experiment.overrides, arguments.stride};
  Registry registry;
  Candidate candidate(arguments.artifact, options, registry, device);
  std::optional<Candidate> other;
  if (!arguments.against.empty()) other.emplace(arguments.against, options, registry, device);
  std::vector<std::string> labels = candidate.evaluators(arguments.evaluators);
  for (const Candidate* it : {&candidate, other ? &*other : nullptr})
    if (it && !it->note().empty()) say_aside("note: " + it->note());

  Json out = {{"artifact", candidate.artifact().string()},
              {"experiment", candidate.experiment_file().string()},
              {"scores", Json::object()}};
  if (!arguments.json && arguments.subset == 0)
    tell("{:<20} {:>10} {:>10} {:>13} {:>13} {:>10} {:>9}\n", "evaluator", "bpb", "nats", "tokens", "bytes",
         "windows", "seconds");
  for (const std::string& label : labels) {
    out["scores"][label] = arguments.subset > 0
                               ? score_subset(candidate, other ? &*other : nullptr, label, arguments)
                               : score_all(candidate, label, arguments);
    if (label == candidate.headline()) out["headline"] = label;
  }
  if (arguments.json) tell("{}\n", text_of(out, 2));
}

void declare(CLI::App& verb) {
  auto arguments = std::make_shared<ScoreArguments>();
  verb.add_option("artifact", arguments->artifact, "artifact, or folder of a run")->required();
  verb.add_option("--experiment", arguments->experiment.file,
                  "experiment that the artifact comes from; by default resolved.toml beside it");
  verb.add_option("--evaluator", arguments->evaluators, "label of one evaluator; may be repeated");
  verb.add_option("--stride", arguments->stride,
                  "positions from one window to the next, in every evaluator that has a stride")
      ->check(above_zero());
  CLI::Option* subset =
      verb.add_option("--subset", arguments->subset,
                      "share of the stream from which to estimate the score, with a 95 % interval")
          ->check(CLI::Range(1e-6, 1.0));
  verb.add_option("--against", arguments->against,
                  "another run or artifact: estimate the difference, on the same text")
      ->needs(subset);
  arguments->experiment.declare_options(verb);
  verb.add_flag("--json", arguments->json, "print JSON");
  verb.callback([arguments] { score_verb(*arguments); });
}

}  // namespace

void add_eval_command(CLI::App& app) {
  declare(*app.add_subcommand("eval", "score a run's artifact under the evaluators of its experiment"));
}

void add_score_command(CLI::App& artifact) {
  declare(*artifact.add_subcommand("score",
                                   "score an artifact in a file under the evaluators of its experiment"));
}

}  // namespace caddie
