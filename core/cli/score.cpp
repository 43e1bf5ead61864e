// SPDX-License-Identifier: Apache-2.0
// caddie eval RUN and caddie artifact score FILE: what the weights in an artifact score.
#include "cli/artifact.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "base/files.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "config/describe.h"
#include "data/validation.h"
#include "evaluate/score.h"
#include "experiment/experiment.h"
#include "run/corpus.h"

namespace caddie {
namespace {

struct ScoreArguments {
  ExperimentArguments experiment;
  std::filesystem::path artifact;
  std::vector<std::string> evaluators;  // labels; empty: all
  int64_t stride = 0;
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

void print(const std::string& label, const Score& s, bool headline) {
  fmt::print("{:<20} {:>10.6f} {:>10.6f} {:>13} {:>13} {:>10} {:>9.1f}{}\n", label, s.bits_per_byte(),
             s.loss(), with_commas(s.tokens), with_commas(s.bytes), with_commas(s.windows), s.seconds,
             headline ? "  headline" : "");
}

void score_verb(ScoreArguments& arguments) {
  if (std::filesystem::is_directory(arguments.artifact)) arguments.artifact /= "artifact.bin";
  std::filesystem::path file = experiment_beside(arguments.artifact, arguments.experiment.file);
  if (file.empty())
    throw Error(message("{}: there is no resolved.toml beside it; name its experiment with --experiment",
                        {arguments.artifact.string()}),
                2);
  Device device = arguments.experiment.prepare();
  Registry registry;
  Tree tree = Tree::load(file, arguments.experiment.overrides);
  if (arguments.stride > 0) set_stride(tree, registry, arguments.stride);
  Experiment e = assemble(tree, registry, device);
  std::vector<Tensor> weights = read_artifact(read_file(arguments.artifact), e.export_parts, *e.model);
  TokenStream stream(e.data.validation);
  Vocabulary vocabulary(e.data.tokenizer, e.model_settings.vocabulary);
  check_matches(stream, vocabulary);
  std::vector<int32_t> tokens = load_validation(stream, e.data.sequence_length);
  ModelScorer scorer(*e.model, weights, tokens, vocabulary, e.train.micro_batch_tokens);

  for (const std::string& label : arguments.evaluators)
    if (std::none_of(e.evaluators.begin(), e.evaluators.end(),
                     [&](const RoutedEvaluator& evaluator) { return evaluator.technique.label == label; }))
      throw Error(message("--evaluator: the experiment has none called '{}'", {label}), 2);
  Json out = {
      {"artifact", arguments.artifact.string()}, {"experiment", file.string()}, {"scores", Json::object()}};
  if (!arguments.json)
    fmt::print("{:<20} {:>10} {:>10} {:>13} {:>13} {:>10} {:>9}\n", "evaluator", "bpb", "nats", "tokens",
               "bytes", "windows", "seconds");
  for (const RoutedEvaluator& evaluator : e.evaluators) {
    const std::string& label = evaluator.technique.label;
    const std::vector<std::string>& chosen = arguments.evaluators;
    if (!chosen.empty() && std::find(chosen.begin(), chosen.end(), label) == chosen.end()) continue;
    Score score = evaluator.technique.as<Evaluator>().evaluate(scorer);
    out["scores"][label] = json_of(score);
    if (evaluator.headline) out["headline"] = label;
    if (!arguments.json) print(label, score, evaluator.headline);
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
