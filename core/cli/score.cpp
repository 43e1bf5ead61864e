// SPDX-License-Identifier: Apache-2.0
// caddie eval RUN and caddie artifact score FILE: what the weights in an artifact score, or an estimate of it
// from a part of the text.
#include "cli/artifact.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "config/describe.h"
#include "data/validation.h"
#include "evaluate/subset.h"
#include "experiment/experiment.h"
#include "results/summary.h"
#include "run/corpus.h"
#include "statistics/ratio.h"

namespace caddie {
namespace {

struct ScoreArguments {
  ExperimentArguments experiment;
  std::filesystem::path artifact, against;
  std::vector<std::string> evaluators;  // labels; empty: all
  int64_t stride = 0;
  double subset = 0;  // share of the stream to estimate from; 0: score all of it
  bool json = false;
};

/// Gives every evaluator that has a stride this one.
void set_stride(Tree& tree, Registry& registry, int64_t stride) {
  bool found = false;
  for (const std::string& label : tree.children("evaluators")) {
    std::string path = "evaluators." + label, plugin = label;
    if (tree.has(path + ".use")) {
      Tree copy = tree;
      copy.read(path, [&](Settings& s) { s("use", plugin, "plugin"); });
    }
    std::unique_ptr<Plugin> evaluator(registry.open(plugin, path).entry->make());
    std::vector<SettingInfo> settings = describe([&](Settings& s) { evaluator->settings(s); });
    if (std::none_of(settings.begin(), settings.end(), [](auto& info) { return info.name == "stride"; }))
      continue;
    tree.override_with(fmt::format("{}.stride={}", path, stride));
    found = true;
  }
  if (!found) throw Error("--stride: no evaluator of the experiment has one", 2);
}

Experiment experiment_of(const std::filesystem::path& artifact, const std::filesystem::path& file,
                         const ScoreArguments& arguments, Registry& registry, Device device) {
  if (file.empty())
    throw Error(message("{}: there is no resolved.toml beside it; name its experiment with --experiment",
                        {artifact.string()}),
                2);
  Tree tree = Tree::load(file, arguments.experiment.overrides);
  if (arguments.stride > 0) set_stride(tree, registry, arguments.stride);
  return assemble(tree, registry, device);
}

std::vector<int32_t> validation_of(const Experiment& experiment, const Vocabulary& vocabulary) {
  TokenStream stream(experiment.data.validation);
  check_matches(stream, vocabulary);
  return load_validation(stream, experiment.data.sequence_length);
}

// What an artifact holds, ready to be scored.
struct Candidate {
  Candidate(const std::filesystem::path& named, const ScoreArguments& arguments, Registry& registry,
            Device device)
      : artifact(std::filesystem::is_directory(named) ? named / "artifact.bin" : named),
        file(experiment_beside(artifact, arguments.experiment.file)),
        experiment(experiment_of(artifact, file, arguments, registry, device)),
        weights(read_artifact(read_file(artifact), experiment.export_parts, *experiment.model)),
        vocabulary(experiment.data.tokenizer, experiment.model_settings.vocabulary),
        tokens(validation_of(experiment, vocabulary)),
        scorer(*experiment.model, weights, tokens, vocabulary, experiment.train.micro_batch_tokens) {}

  Evaluator& evaluator(const std::string& label) const {
    for (const RoutedEvaluator& evaluator : experiment.evaluators)
      if (evaluator.technique.label == label) return evaluator.technique.as<Evaluator>();
    throw Error(message("{}: no evaluator of its experiment is called '{}'", {artifact.string(), label}), 2);
  }

  std::filesystem::path artifact, file;
  Experiment experiment;
  std::vector<Tensor> weights;
  Vocabulary vocabulary;
  std::vector<int32_t> tokens;
  ModelScorer scorer;
};

struct SubsetScore {
  Score score;
  std::vector<Score> stretches;
  int64_t whole;  // positions of which these are a part
};

SubsetScore score_part(Candidate& candidate, const std::string& label, double fraction) {
  SubsetScorer scorer(candidate.scorer, fraction);
  Score score = candidate.evaluator(label).evaluate(scorer);
  return {score, {scorer.stretches().begin(), scorer.stretches().end()}, scorer.whole()};
}

// Bits per byte, those of `other` on the same stretches taken off when it is given.
RatioEstimate estimate(const SubsetScore& part, const SubsetScore* other = nullptr) {
  std::vector<double> bits, bytes;
  for (size_t i = 0; i < part.stretches.size(); ++i) {
    const Score& s = part.stretches[i];
    bits.push_back(s.nats / std::log(2.0));
    bytes.push_back(double(s.bytes));
    if (!other) continue;
    bool same = part.stretches.size() == other->stretches.size() && s.bytes == other->stretches[i].bytes &&
                s.tokens == other->stretches[i].tokens;
    check(same,
          "--against: the two evaluators do not score the same text; give both the same data, "
          "windows and --stride");
    bits.back() -= other->stretches[i].nats / std::log(2.0);
  }
  return estimate_ratio(bits, bytes, double(part.score.tokens) / double(part.whole));
}

void print(const std::string& label, const Score& s, bool headline) {
  fmt::print("{:<20} {:>10.6f} {:>10.6f} {:>13} {:>13} {:>10} {:>9.1f}{}\n", label, s.bits_per_byte(),
             s.loss(), with_commas(s.tokens), with_commas(s.bytes), with_commas(s.windows), s.seconds,
             headline ? "  headline" : "");
}

void print(const std::string& label, const RatioEstimate& e, const SubsetScore& part) {
  fmt::print("{:<20} {:>10.6f} +- {:.6f} (95 % CI), from {} stretches, {} of {} positions, {:.1f} s\n", label,
             e.ratio, e.high - e.ratio, part.stretches.size(), with_commas(part.score.tokens),
             with_commas(part.whole), part.score.seconds);
}

// Never under the name of the score itself.
Json json_of(const RatioEstimate& e, const SubsetScore& part, double subset) {
  return {{"val_bpb_estimate", e.ratio},
          {"ci_low", e.low},
          {"ci_high", e.high},
          {"subset", subset},
          {"stretches", part.stretches.size()},
          {"tokens", part.score.tokens},
          {"of_tokens", part.whole},
          {"seconds", part.score.seconds}};
}

Json score_all(Candidate& candidate, const std::string& label, const ScoreArguments& arguments) {
  Score score = candidate.evaluator(label).evaluate(candidate.scorer);
  if (!arguments.json) print(label, score, candidate.experiment.headline().technique.label == label);
  return written(ScoreRecord(score));
}

Json score_subset(Candidate& candidate, Candidate* other, const std::string& label,
                  const ScoreArguments& arguments) {
  SubsetScore part = score_part(candidate, label, arguments.subset);
  RatioEstimate own = estimate(part);
  Json out = json_of(own, part, arguments.subset);
  if (!arguments.json) print(label, own, part);
  if (!other) return out;
  SubsetScore others = score_part(*other, label, arguments.subset);
  RatioEstimate delta = estimate(part, &others);
  out["against"] = {{"artifact", other->artifact.string()},
                    {"delta_bpb_estimate", delta.ratio},
                    {"ci_low", delta.low},
                    {"ci_high", delta.high}};
  if (!arguments.json) print("  less the other's", delta, others);
  return out;
}

void score_verb(ScoreArguments& arguments) {
  Device device = arguments.experiment.prepare();
  Registry registry;
  Candidate candidate(arguments.artifact, arguments, registry, device);
  std::unique_ptr<Candidate> other;
  if (!arguments.against.empty())
    other = std::make_unique<Candidate>(arguments.against, arguments, registry, device);
  std::vector<std::string> labels = arguments.evaluators;
  if (labels.empty())
    for (const RoutedEvaluator& evaluator : candidate.experiment.evaluators)
      labels.push_back(evaluator.technique.label);
  for (const std::string& label : labels) candidate.evaluator(label);

  Json out = {{"artifact", candidate.artifact.string()},
              {"experiment", candidate.file.string()},
              {"scores", Json::object()}};
  if (!arguments.json && arguments.subset == 0)
    fmt::print("{:<20} {:>10} {:>10} {:>13} {:>13} {:>10} {:>9}\n", "evaluator", "bpb", "nats", "tokens",
               "bytes", "windows", "seconds");
  for (const std::string& label : labels) {
    out["scores"][label] = arguments.subset > 0 ? score_subset(candidate, other.get(), label, arguments)
                                                : score_all(candidate, label, arguments);
    if (label == candidate.experiment.headline().technique.label) out["headline"] = label;
  }
  if (arguments.json) fmt::print("{}\n", out.dump(2));
}

void declare(CLI::App& verb) {
  auto arguments = std::make_shared<ScoreArguments>();
  verb.add_option("artifact", arguments->artifact, "artifact, or folder of a run")->required();
  verb.add_option("--experiment", arguments->experiment.file,
                  "what the artifact is of; by default resolved.toml beside it");
  verb.add_option("--evaluator", arguments->evaluators, "label of one evaluator; may be repeated");
  verb.add_option("--stride", arguments->stride, "of all evaluators that have one")
      ->check(CLI::PositiveNumber);
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

std::filesystem::path experiment_beside(const std::filesystem::path& artifact,
                                        const std::filesystem::path& named) {
  if (!named.empty()) return named;
  std::filesystem::path own = artifact, resolved = artifact.parent_path() / "resolved.toml";
  own.replace_extension(".toml");
  for (const std::filesystem::path& path : {own, resolved})
    if (std::filesystem::exists(path)) return path;
  return {};
}

void add_score_commands(CLI::App& app, CLI::App& artifact) {
  declare(*app.add_subcommand("eval", "score a run's artifact under the evaluators of its experiment"));
  declare(*artifact.add_subcommand("score", "the same for the artifact in a file"));
}

}  // namespace caddie
