// SPDX-License-Identifier: Apache-2.0
// A sweep's runs tell what they scored by their summaries, what they read by its hashes, and how by their
// settings. Runs of an import tell what their logs did.
#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "config/read_all.h"
#include "config/toml_value.h"
#include "data/validation.h"
#include "report/ablation.h"
#include "results/fingerprint.h"
#include "submission/evidence.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Returns the arm of the label; without one the only arm, or of those that the claim is about and that were
/// shown to be better the one with the lowest score.
const Arm& chosen_arm(const Plan& plan, const fs::path& folder, const std::string& label) {
  std::vector<std::string> labels;
  for (const Arm& arm : plan.arms) {
    if (arm.label == label || (label.empty() && plan.arms.size() == 1)) return arm;
    labels.push_back(arm.label);
  }
  if (!label.empty())
    fail_usage("--arm {}: {} has no such arm{}", label, folder.string(), suggestion(label, labels));
  const ArmRow* best = nullptr;
  Ablation ablation;
  if (plan.claim) {
    ablation = analyze(plan, folder);
    for (const ArmRow& row : ablation.arms)
      if (is_claimed(plan, *row.arm) && row.significant && (!best || row.bpb.mean < best->bpb.mean))
        best = &row;
  }
  if (!best)
    fail_usage("{}: has {} arms{}; name one with --arm, of: {}", folder.string(), plan.arms.size(),
               plan.claim ? ", of which none shows the claim" : "", join(labels, ", "));
  return *best->arm;
}

/// Answers what a run's settings say at a path.
class RunSettingsFile {
 public:
  explicit RunSettingsFile(const fs::path& folder) : tree_(Tree::load(folder / kSettingsFile)) {
    read_all(tree_);
  }
  /// Returns the text at a path; "" where nothing is written.
  std::string at(const std::string& path) { return tree_.has(path) ? unquoted(tree_.read_text(path)) : ""; }
  /// Returns the label of the evaluator whose score is the run's; "" when there is none.
  std::string headline() {
    std::vector<std::string> labels = tree_.children("evaluators");
    if (labels.size() == 1) return labels[0];
    for (const std::string& label : labels)
      if (at(join_path(join_path("evaluators", label), "headline")) == "true") return label;
    return "";
  }
  /// Returns the plugin that a labelled evaluator uses; "" for the label "", where there is no evaluator.
  std::string plugin_of(const std::string& label) {
    if (label.empty()) return "";
    std::string use = at(join_path(join_path("evaluators", label), "use"));
    return use.empty() ? label : use;
  }

 private:
  Tree tree_;
};

template <class T>
MaybeShown<T> shown_in(const std::optional<T>& value, const std::string& where) {
  return value ? MaybeShown<T>(Shown<T>{*value, where}) : std::nullopt;
}

/// Returns the positions that a score of all the validation text has; nothing when the shards are not there,
/// or are not those that the run read.
std::optional<int64_t> positions_owed(const std::string& pattern, const std::string& hash,
                                      const std::string& sequence_length) try {
  int64_t length = std::strtoll(sequence_length.c_str(), nullptr, 10);
  if (pattern.empty() || length <= 0 || hash.empty() || data_hash(pattern) != hash) return std::nullopt;
  return scored_positions(TokenStream(pattern), length);
} catch (const Error&) {
  return std::nullopt;  // The data are not there any more.
}

/// Fills in what the headline evaluator scored, and how.
void add_score(const RunSummary& summary, RunSettingsFile& settings, const DataRecord& data,
               const std::string& where, RunFacts& facts) {
  std::string label = settings.headline();
  facts.stage = label;
  facts.evaluator = settings.plugin_of(label);
  for (const auto& [name, score] : summary.scores) {
    if (name != label) continue;
    facts.scored_tokens = Shown<int64_t>{score.tokens, where};
    facts.eval_seconds = Shown<double>{score.seconds, where};
    if (score.tokens > 0) facts.bytes_per_token = double(score.bytes) / double(score.tokens);
    facts.bytes_are_counted = score.tokens > 0;
  }
  std::string pattern = settings.at("data.validation");
  if (auto owed = positions_owed(pattern, data.validation, settings.at("data.sequence_length")))
    facts.owed_tokens = Shown<int64_t>{*owed, pattern};
}

void add_record(const RunRecord& record, const std::string& where, RunFacts& facts) {
  if (!record.machine.gpu.empty()) {
    facts.gpu = Shown<std::string>{record.machine.gpu, where};
    facts.gpus = Shown<int64_t>{record.machine.ranks.value_or(1), where};
  } else {
    facts.gpus = Shown<int64_t>{0, where};
  }
  facts.data = {{"train", record.data.train},
                {"validation", record.data.validation},
                {"tokenizer", record.data.tokenizer}};
  std::erase_if(facts.data, [](const auto& part) { return part.second.empty(); });
  facts.data_is_hashed = true;
}

/// Adds one run, and what the data of the first finished one are.
void add_own_run(const Plan& plan, const PlannedRun& run, SubmissionFacts& all) {
  RunFacts& facts = all.runs.emplace_back();
  facts.name = run.folder;
  RunState state = state_of(plan, run, all.folder);
  const RunSummary& summary = state.summary;
  if (state.status != RunStatus::done || !state.record) {
    facts.problem =
        fmt::format("it is {}{}", name_of(state.status), state.reason.empty() ? "" : ": " + state.reason);
    return;
  }
  std::string where = run.folder + "/" + kSummaryFile, record = run.folder + "/" + kRecordFile;
  facts.seed = Shown<int64_t>{run.seed, record};
  facts.bpb = shown_in(summary.bpb, where);
  facts.loss = shown_in(summary.loss_nats, where);
  if (!facts.bpb && !facts.loss) facts.problem = "it has no score";
  facts.train_seconds = shown_in(summary.train_seconds, where);
  facts.artifact_bytes = shown_in(summary.artifact_bytes, where);
  facts.model_bytes = shown_in(summary.model_bytes, where);
  facts.code_bytes = shown_in(summary.code_bytes, where);
  RunSettingsFile settings(all.folder / run.folder);
  add_record(*state.record, record, facts);
  add_score(summary, settings, state.record->data, where, facts);
  if (!facts.is_finished() || !all.data.train.empty()) return;
  all.data = {settings.at("data.train"), settings.at("data.validation")};
  all.recorded = state.record->data;
}

/// Says by what key the runs have the same settings; "" when one lacks it or they differ.
std::string common_group(const std::vector<const PlannedRun*>& runs, const fs::path& sweep) {
  std::string group;
  for (const PlannedRun* run : runs) {
    std::optional<RunRecord> record = read_run_record(sweep / run->folder);
    if (!record) continue;
    if (record->group.empty() || (!group.empty() && record->group != group)) return "";
    group = record->group;
  }
  return group;
}

void gather_own(SubmissionFacts& facts, const Plan& plan, const std::vector<const PlannedRun*>& runs) {
  for (const PlannedRun* run : runs) add_own_run(plan, *run, facts);
  std::string group = common_group(runs, facts.folder);
  facts.settings_are_known = true;
  if (group.empty())
    facts.notes.push_back(
        {"settings_differ", facts.arm, "its runs have other group keys in run.json", {}, true});
  else
    facts.same_by = fmt::format("group key {} in each run.json, over settings, plugins, engine and data",
                                group.substr(0, 12));
}

/// Takes the runs, and what the import noted of courses, which their folders do not keep.
void gather_imported(SubmissionFacts& facts, const std::vector<const PlannedRun*>& runs) {
  std::vector<ForeignRun> foreign;
  for (const PlannedRun* run : runs) foreign.push_back(read_foreign_run(facts.folder / run->folder));
  take_foreign(foreign, facts);
  for (const ForeignRun& run : foreign)
    for (const ForeignNote& note : run.notes) {
      auto same = [&](const ImportNote& known) { return known.text == note.text; };
      if (note.kind == "same_course" && std::none_of(facts.notes.begin(), facts.notes.end(), same))
        facts.notes.push_back({note.kind, facts.arm, note.text, {}, note.parts_runs});
    }
}

}  // namespace

void gather_from_sweep(SubmissionFacts& facts) {
  Plan plan = read_plan(facts.folder);
  const Arm& arm = chosen_arm(plan, facts.folder, facts.arm);
  facts.arm = arm.label;
  std::vector<const PlannedRun*> runs;
  for (const PlannedRun& run : plan.runs)
    if (plan.arms[run.arm].label == arm.label) runs.push_back(&run);
  facts.kind = plan.imported ? FolderKind::imported : FolderKind::sweep;
  if (plan.imported)
    gather_imported(facts, runs);
  else
    gather_own(facts, plan, runs);
  if (facts.runs.empty()) fail_usage("{}: the arm '{}' has no run", facts.folder.string(), arm.label);
}

void gather_overlap(SubmissionFacts& facts, const fs::path& data, const OverlapSearch& search) {
  DataPatterns patterns = data.empty() ? facts.data : patterns_in(data);
  if (patterns.train.empty() || patterns.validation.empty()) {
    facts.no_overlap = "no data at hand; name a folder of the shards with --data";
    return;
  }
  for (const std::string& pattern : {patterns.train, patterns.validation})
    if (files_matching(pattern).empty()) {
      facts.no_overlap = fmt::format("{} is not there; name a folder of the shards with --data", pattern);
      return;
    }
  facts.overlap = find_overlap(TokenStream(patterns.train), TokenStream(patterns.validation), search);
  const DataRecord& recorded = facts.recorded;
  facts.overlap->is_recorded = !recorded.train.empty() && data_hash(patterns.train) == recorded.train &&
                               data_hash(patterns.validation) == recorded.validation;
}

}  // namespace caddie
