// SPDX-License-Identifier: Apache-2.0
// The experiment beside the artifact is assembled, and its parts decode the weights in the artifact.
#include "run/candidate.h"

#include <algorithm>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/stopwatch.h"
#include "config/describe.h"
#include "results/run_folder.h"
#include "results/summary.h"
#include "run/recorded_data.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

bool has_stride(const Technique& evaluator) {
  std::vector<SettingInfo> settings = describe([&](Settings& s) { evaluator.any()->settings(s); });
  return std::any_of(settings.begin(), settings.end(),
                     [](const SettingInfo& setting) { return setting.name == "stride"; });
}

/// Sets the stride of every evaluator that has one. Throws Error (kUsage) when none has.
void set_stride(Tree& tree, Registry& registry, int64_t stride) {
  Tree copy = tree;
  Experiment watchers = assemble_watchers(copy, registry);
  bool found = false;
  for (const Experiment::Part& part : watchers.parts) {
    if (part.technique.entry->kind != Kind::kEvaluator || !has_stride(part.technique)) continue;
    tree.override_with(message("{}.stride={}", {part.path, stride}));
    found = true;
  }
  if (!found) fail_usage("--stride: no evaluator of the experiment has one");
}

Experiment experiment_of(const fs::path& artifact, const fs::path& file, const CandidateOptions& options,
                         Registry& registry, Device device) {
  if (file.empty())
    fail_usage("{}: there is no resolved.toml beside it; name its experiment with --experiment",
               artifact.string());
  check_not_imported(artifact.parent_path());
  check_left_by_run(artifact.parent_path(), artifact.filename().string());
  Tree tree = Tree::load(file, options.overrides);
  if (options.stride > 0) set_stride(tree, registry, options.stride);
  Experiment experiment = assemble(tree, registry, device);
  // Other settings than the run's own may still name the run's data.
  std::set<fs::path> recorded = {file, artifact.parent_path() / kSettingsFile};
  for (const fs::path& settings : recorded)
    if (fs::exists(settings))
      check_recorded_data(settings, tree, experiment, {DataPart::kValidation, DataPart::kTokenizer});
  return experiment;
}

/// Returns the hash of the artifact that the run in `folder` left; "" when it is not known.
std::string artifact_of_run(const fs::path& folder) {
  for (const auto& [name, hash] : read_summary(folder).files)
    if (name == kArtifactFile) return hash.xxh3;
  return "";
}

/// Tells whether a run left the settings, and another one or none the artifact.
bool are_of_another_run(const fs::path& artifact, const fs::path& settings) {
  if (settings.filename() != kSettingsFile) return false;
  std::string left = artifact_of_run(settings.parent_path());
  if (!left.empty()) return xxh3_file(artifact) != left;
  std::optional<RunRecord> theirs = read_run_record(settings.parent_path()),
                           own = read_run_record(artifact.parent_path());
  return theirs && own && theirs->key != own->key;
}

}  // namespace

fs::path experiment_beside(const fs::path& artifact, const fs::path& named) {
  fs::path own = artifact, resolved = artifact.parent_path() / kSettingsFile, found = named;
  own.replace_extension(".toml");
  for (const fs::path& path : {own, resolved})
    if (found.empty() && fs::exists(path)) found = path;
  if (found.filename() == kSettingsFile) check_left_by_run(found.parent_path(), kSettingsFile);
  return found;
}

Candidate::Candidate(const fs::path& named, const CandidateOptions& options, Registry& registry,
                     Device device)
    : artifact_(fs::is_directory(named) ? named / kArtifactFile : named),
      file_(experiment_beside(artifact_, options.experiment)),
      experiment_(experiment_of(artifact_, file_, options, registry, device)),
      weights_(read_artifact(read_file(artifact_), experiment_.export_parts, *experiment_.model)),
      text_(experiment_) {
  if (are_of_another_run(artifact_, file_))
    note_ = message("{}: not the artifact of the run that left {}", {artifact_.string(), file_.string()});
}

const RoutedEvaluator& Candidate::evaluator(const std::string& label) const {
  for (const RoutedEvaluator& evaluator : experiment_.evaluators)
    if (evaluator.technique.label == label) return evaluator;
  fail_usage("{}: no evaluator of its experiment is called '{}'", artifact_.string(), label);
}

std::vector<std::string> Candidate::evaluators(std::span<const std::string> wanted) const {
  std::vector<std::string> labels(wanted.begin(), wanted.end());
  if (labels.empty())
    for (const RoutedEvaluator& routed : experiment_.evaluators) labels.push_back(routed.technique.label);
  for (const std::string& label : labels) evaluator(label);
  return labels;
}

Score Candidate::score(const std::string& label) const {
  return text_.score(evaluator(label), weights_).score;
}

PartScore Candidate::score_part(const std::string& label, double fraction) const {
  Stopwatch clock;
  ModelScorer whole = text_.scorer(weights_, text_.blends_of(evaluator(label)));
  SubsetScorer part(whole, fraction);
  try {
    Score score = evaluator(label).technique.as<Evaluator>()->evaluate(part);
    score.seconds = clock.seconds();
    return {score, {part.stretches().begin(), part.stretches().end()}, part.whole()};
  } catch (const Error& error) {
    throw Error(message("evaluator '{}': {}", {label, error.what()}), error.code());
  }
}

}  // namespace caddie
