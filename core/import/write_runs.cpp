// SPDX-License-Identifier: Apache-2.0
// Numbers of a foreign run take the places that the same numbers of Caddie's runs have.
#include "import/write_runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/owned_folder.h"
#include "base/sealed_json.h"
#include "base/text.h"
#include "config/path.h"
#include "import/import_files.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDesign = "list";

/// Returns the smallest number from 1 on that is not among `taken`, and takes it.
int64_t take_number(std::set<int64_t>& taken) {
  int64_t number = 1;
  while (!taken.insert(number).second) ++number;
  return number;
}

/// Returns the settings that differ between arms, each with the value that an arm's first run has.
std::vector<std::map<std::string, std::string>> params_of(const ImportedSweep& sweep) {
  std::vector<size_t> firsts;
  for (const ArmGroup& arm : sweep.arms) firsts.push_back(arm.runs[0]);
  std::vector<std::map<std::string, std::string>> params(firsts.size());
  for (const std::string& name : differing_settings(sweep.runs, firsts))
    for (size_t i = 0; i < firsts.size(); ++i) {
      std::string text = sweep.runs[firsts[i]].setting(name);
      if (!text.empty()) params[i][name] = toml_of(text);
    }
  return params;
}

/// Returns a hash of the arm's label and of the settings that its first run has beside the seed.
std::string group_of(const std::string& label, const ForeignRun& first) {
  std::string text = "imported\n" + label + "\n";
  for (const auto& [name, value] : arm_settings(first)) text += name + " = " + value + "\n";
  return sha256(text);
}

std::string reasons_against_pooling(const std::vector<ImportNote>& notes, const std::string& label) {
  std::vector<std::string> reasons;
  for (const ImportNote& note : notes)
    if (note.arm == label && note.parts_runs) reasons.push_back(note.text);
  return join(reasons, "; ");
}

/// Returns the arms in their order, the baseline first.
std::vector<size_t> order_of_arms(const ImportedSweep& sweep) {
  std::vector<size_t> order;
  std::vector<std::string> labels;
  for (size_t i = 0; i < sweep.arms.size(); ++i) {
    labels.push_back(sweep.arms[i].label);
    order.push_back(i);
  }
  if (sweep.baseline.empty()) return order;
  auto found = std::find(labels.begin(), labels.end(), sweep.baseline);
  if (found == labels.end())
    fail_usage("--baseline: no arm is called '{}'{}", sweep.baseline, suggestion(sweep.baseline, labels));
  std::rotate(order.begin(), order.begin() + (found - labels.begin()),
              order.begin() + (found - labels.begin()) + 1);
  return order;
}

/// Adds the runs of an arm to the plan, those that have a folder with it.
void plan_runs(const ImportedSweep& sweep, const ArmGroup& group, Plan& plan,
               std::set<std::string>& folders) {
  size_t arm = plan.arms.size() - 1;
  std::set<int64_t> taken;
  for (size_t i : group.runs) {
    if (sweep.runs[i].seed) taken.insert(*sweep.runs[i].seed);
    if (auto known = sweep.written.find(i); known != sweep.written.end()) taken.insert(known->second.seed);
  }
  for (size_t i : group.runs) {
    PlannedRun run;
    if (auto known = sweep.written.find(i); known != sweep.written.end()) {
      run = known->second;
    } else {
      int64_t seed = sweep.runs[i].seed ? *sweep.runs[i].seed : take_number(taken);
      run = runs_of(plan, std::span(&arm, 1), std::span(&seed, 1)).front();
      std::string folder = run.folder;
      for (int n = 2; folders.contains(run.folder); ++n) run.folder = fmt::format("{}-{}", folder, n);
    }
    run.arm = arm;
    folders.insert(run.folder);
    plan.runs.push_back(run);
  }
}

void add_score(RunSummary& summary, const ForeignScore& score, std::optional<int64_t> tokens) {
  ScoreRecord record;
  record.tokens = tokens.value_or(0);
  if (score.bpb) record.bpb = *score.bpb;
  if (score.loss) record.loss_nats = *score.loss;
  record.seconds = score.seconds.value_or(0);
  summary.scores.emplace_back(score.stage, record);
}

std::optional<double> finite(std::optional<double> value) {
  return value && std::isfinite(*value) ? value : std::nullopt;
}

}  // namespace

Plan plan_of(const ImportedSweep& sweep) {
  Plan plan;
  plan.name = sweep.name;
  plan.design = kDesign;
  plan.history = sweep.history;
  plan.imported.emplace();
  for (const ImportNote& note : sweep.notes) plan.imported->notes.push_back(note.arm + ": " + note.text);
  std::vector<std::map<std::string, std::string>> params = params_of(sweep);
  std::set<std::string> folders;
  for (const auto& [i, run] : sweep.written) folders.insert(run.folder);
  for (size_t i : order_of_arms(sweep)) {
    const ArmGroup& group = sweep.arms[i];
    const ForeignRun& first = sweep.runs[group.runs[0]];
    Arm arm;
    arm.label = group.label;
    arm.kind = plan.arms.empty() ? "baseline" : kDesign;
    arm.params = params[i];
    arm.experiment = settings_toml(first);
    arm.group = group_of(group.label, first);
    arm.steps = first.training.steps;
    arm.parameters = first.parameters.value_or(0);
    arm.unpooled = reasons_against_pooling(sweep.notes, group.label);
    plan.arms.push_back(std::move(arm));
    plan_runs(sweep, group, plan, folders);
  }
  std::set<int64_t> seeds;
  for (const PlannedRun& run : plan.runs) seeds.insert(run.seed);
  plan.seeds.assign(seeds.begin(), seeds.end());
  return plan;
}

std::vector<const PlannedRun*> places_of(const ImportedSweep& sweep, const Plan& plan) {
  // Planned runs stand in the order of the plan's arms, and in each in that of its runs.
  std::vector<const PlannedRun*> places(sweep.runs.size());
  size_t at = 0;
  for (const Arm& arm : plan.arms)
    for (const ArmGroup& group : sweep.arms)
      if (group.label == arm.label)
        for (size_t run : group.runs) places[run] = &plan.runs[at++];
  return places;
}

RunSummary summary_of(const ForeignRun& run) {
  RunSummary summary;
  const ForeignTraining& t = run.training;
  std::string problem = run.problem();
  summary.status = problem.empty() ? "done" : "failed";
  summary.fail_reason = problem;
  summary.train_loss = finite(t.train_loss);
  if (t.steps > 0) summary.steps = t.steps;
  if (std::optional<double> batch = run.number("train_batch_tokens"); batch && *batch > 0 && t.steps > 0)
    summary.tokens = int64_t(std::llround(*batch * double(t.steps)));
  summary.parameters = run.parameters;
  summary.train_seconds = finite(t.seconds);
  summary.step_ms = finite(t.step_ms);
  summary.tokens_per_second = finite(t.tokens_per_second);
  if (t.raw_step == t.steps || !t.raw_step) summary.bpb_raw = finite(t.raw_bpb);
  double seconds = 0;
  for (const ForeignScore& score : run.scores) {
    seconds += score.seconds.value_or(0);
    if (score.stage.empty()) continue;
    if (score.stage == "averaged")
      summary.bpb_averaged = finite(score.bpb);
    else
      add_score(summary, score, run.validation_tokens);
    if (score.stage == "roundtrip") summary.bpb_quantized = finite(score.bpb);
  }
  if (seconds > 0) summary.evaluation_seconds = seconds;
  if (std::optional<ForeignScore> last = run.last_score(); last && problem.empty()) {
    summary.bpb = last->bpb;
    summary.loss_nats = last->loss;
  }
  summary.artifact_bytes = run.artifact_bytes;
  summary.model_bytes = run.model_bytes;
  summary.code_bytes = run.code_bytes;
  summary.peak_memory_bytes = run.peak_memory_bytes;
  return summary;
}

std::string settings_toml(const ForeignRun& run) {
  std::map<std::string, std::string> sorted;
  for (const auto& [name, text] : run.settings) sorted[name] = toml_of(text);
  std::string toml;
  for (const auto& [name, value] : sorted) toml += join_path("", name) + " = " + value + "\n";
  return toml;
}

void write_foreign_run(const ForeignRun& run, const fs::path& folder) {
  write_sealed(folder / kImportFile, written(run));
}

void write_run(const ForeignRun& run, const PlannedRun& planned, const Plan& plan, const fs::path& sweep) {
  RunFolder folder(sweep / planned.folder);
  make_owned_folder(folder.path());
  write_file(folder.file(kSettingsFile), settings_toml(run));
  RunRecord record;
  record.key = sha256(fmt::format("{}\n{}\n", run.source.sha256, run.source.part));
  record.group = plan.arms[planned.arm].group;
  record.seed = planned.seed;
  record.imported_from = run.name();
  record.machine.gpu = value_of(run.environment, "gpu");
  if (std::optional<double> ranks = run.number("world_size"); ranks && *ranks >= 1 && *ranks < 1e6)
    record.machine.ranks = int64_t(*ranks);
  write_run_record(folder.path(), record);
  Metrics metrics(folder.file(kMetricsFile), -1);
  double batch = run.number("train_batch_tokens").value_or(0);
  for (const ForeignPoint& point : run.course)
    metrics.add(point.step, batch > 0 && batch < 1e9 ? int64_t(batch) * point.step : 0, point.seconds,
                point.metric, point.value);
  metrics.flush();
  write_foreign_run(run, folder.path());
  if (run.source.format == "log")
    write_file(folder.file(kSourceTextFile),
               lines_of_file(run.source.file, run.source.first_line, run.source.last_line));
  RunSummary summary = summary_of(run);
  const std::string names[] = {kSettingsFile, kMetricsFile};
  summary.files = hashes_of(folder.path(), names);
  write_summary(folder.path(), summary);
}

}  // namespace caddie
