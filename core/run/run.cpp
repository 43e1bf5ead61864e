// SPDX-License-Identifier: Apache-2.0
// Every stage is taken from the store or made there; settings and record are written first, the summary last.
#include "run/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/at_work.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "process/stall_watch.h"
#include "results/metrics.h"
#include "results/provenance.h"
#include "results/run_folder.h"
#include "results/store_use.h"
#include "run/effects.h"
#include "run/export.h"
#include "run/own_run_folder.h"
#include "run/stored_weights.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

constexpr const char* kOutputs[] = {kSettingsFile, kMetricsFile, kWeightsFile, kArtifactFile};

void check_not_stopped_waiting() {
  check_not_stopped("while another process was at work on a stage of this run");
}

/// Takes one experiment through all stages, and writes what its folder holds.
class Run {
 public:
  Run(const Tree& tree, Experiment& experiment, const Registry& registry, const RunOptions& options)
      : tree_(tree),
        e_(experiment),
        registry_(registry),
        options_(options),
        key_(run_key(tree, experiment, registry, options.training.initial_weights, options.training.ranks())),
        keys_(tree, experiment, registry, options.training.initial_weights, options.training.ranks()),
        team_(options.training.comm, key_.run),
        folder_(own_run_folder(options.folder)),
        claim_(FolderClaim::take_or_refuse(folder_.path(), "wait for it or name another --output")),
        store_(options.store.empty() ? folder_.file(kPrivateStore) : options.store, check_not_stopped_waiting,
               [this](const std::string& text) { status_.finish(text); }),
        status_(options.quiet) {}

  RunSummary go();

 private:
  /// Holds weights that may become the artifact, and the stage that they come from.
  struct Weights {
    std::string label, stage;
    std::vector<Tensor> values;
    /// Names the weights for stages that go on from them: the stage's key and a hash of the weights, because
    /// a stage that is made again under a wall-clock budget has the same key and other weights.
    std::string identity;
  };
  void start_over();
  bool finished_before(RunSummary* summary);
  RunSummary summary_or_warning();
  void run_stages();
  void train();
  Weights choose_average();
  Weights weights_of(const std::string& label, const std::string& stage) const;
  Weights average_of(const Technique& averager) const;
  void note_average(const Technique& averager, const Weights& average, const Weights& raw);
  void export_and_score(const Weights& weights);
  void score_artifact(const ExportStage& exported);
  template <class ValuesOf>
  ScoreRecord score(const RoutedEvaluator& evaluator, const std::string& weights, ValuesOf values,
                    std::set<std::string>& visited);
  double bits_per_byte(const Weights& weights);
  void check_effects(std::span<const Tensor> weights);
  void check_results();
  void finish();
  void end_early(const char* status, const std::string& reason);

  const Tree& tree_;
  Experiment& e_;
  const Registry& registry_;
  const RunOptions& options_;
  RunKey key_;
  StageKeys keys_;
  Team team_;
  RunFolder folder_;
  FolderClaim claim_;
  std::optional<StoreUse> store_use_;  // where the store is not the run's own
  Store store_;
  std::optional<Corpus> corpus_;
  StatusLine status_;
  std::string training_;  // the key of the training
  TrainRecord trained_;   // the record of the training
  Evidence evidence_;
  std::string void_techniques_;
  double evaluation_seconds_ = 0;
  RunSummary summary_;
};

/// Removes what an earlier run left in the folder and this one would go on from.
void Run::start_over() {
  check_owned(folder_.file(kPrivateStore));
  for (const char* name : {kSummaryFile, kMetricsFile, kRecordFile})
    std::filesystem::remove(folder_.file(name));
  remove_owned(folder_.file(kPrivateStore));
}

/// Tells whether the folder holds the finished run, and sets its summary then. Throws Error (kUsage) when the
/// folder holds another run.
bool Run::finished_before(RunSummary* summary) {
  std::optional<RunRecord> record = read_run_record(folder_.path());
  RunSummary before = summary_or_warning();
  // A run that failed has no results that must not be overwritten; new settings may be its repair.
  if (record && record->key != key_.run && before.status != "failed")
    fail_usage(
        "{}: holds a run with other settings, plugins, data or build (key {}, this one is {}); choose "
        "another folder or start over with --fresh",
        folder_.path().string(), record->key.substr(0, 8), key_.run.substr(0, 8));
  if (before.status != "done") return false;
  if (!record)
    fail_usage("{}: missing; nobody knows whose results lie beside it; start over with --fresh",
               folder_.file(kRecordFile).string());
  *summary = std::move(before);
  return true;
}

/// Returns the summary in the folder; an empty one, after a warning, when a file of the run is damaged.
RunSummary Run::summary_or_warning() {
  try {
    RunSummary before = read_summary(folder_.path());
    for (const char* name : kOutputs) check_left_by_run(before, folder_.path(), name);
    return before;
  } catch (const Error& error) {
    status_.finish(message("warning: {}; the run is made again", {error.what()}));
    return {};
  }
}

/// Trains, and fills in what the summary says of training.
void Run::train() {
  TrainingStage stage(e_, *corpus_, keys_, store_, options_.training, team_, status_);
  training_ = keys_.training();
  trained_ = stage.run();
  stage.write_metrics(folder_.file(kMetricsFile));
  // Under a wall-clock budget the time of training includes averaging already.
  double seconds = trained_.seconds;
  if (e_.averager && e_.budget.seconds == 0) seconds += trained_.seconds_of(keys_.observer(*e_.averager));
  summary_.train_loss = trained_.train_loss;
  summary_.steps = trained_.steps;
  summary_.tokens = trained_.tokens;
  summary_.parameters = trained_.parameters;
  summary_.training_only_parameters = e_.model->weights().training_only_parameters();
  summary_.train_seconds = seconds;
  summary_.step_ms = trained_.steps ? 1000 * seconds / double(trained_.steps) : 0;
  summary_.tokens_per_second = trained_.tokens_per_second;
}

/// Returns the score of the weights that `weights` names, and adds the techniques that were called to
/// `visited`. `values()` returns the weights; it is called only when the store does not know their score.
template <class ValuesOf>
ScoreRecord Run::score(const RoutedEvaluator& routed, const std::string& weights, ValuesOf values,
                       std::set<std::string>& visited) {
  const Technique& evaluator = routed.technique;
  std::string key = keys_.evaluate(training_, weights, evaluator);
  auto record = store_.get(key, [&](const std::filesystem::path&) -> EvaluateRecord {
    std::vector<Tensor> tensors = values();
    ValidationText::Scored scored = corpus_->validation().score(routed, tensors, true);
    std::vector<std::string> called(scored.visited.begin(), scored.visited.end());
    return {called, ScoreRecord(scored.score), scored.learned, scored.blended};
  });
  summary_.stages.evaluate.push_back(key);
  visited.insert(record.visited.begin(), record.visited.end());
  evidence_.blended.insert(record.blended.begin(), record.blended.end());
  const ScoreRecord& score = record.score;
  // A store may hold a score that an older version wrote without this check.
  check(std::isfinite(score.bpb),
        "evaluator '{}': the stored score is not finite; lower the learning rates or clip the gradient",
        evaluator.label);
  evaluation_seconds_ += score.seconds;
  if (record.learned == false) evidence_.note_void(e_, evaluator, "it left every weight as it was");
  return score;
}

/// Returns the score of weights under the evaluator that all stages share.
double Run::bits_per_byte(const Weights& weights) {
  return score(
             e_.stage_evaluator(), weights.identity, [&] { return weights.values; }, evidence_.before_export)
      .bpb;
}

/// Reads the weights of a stage from the store.
Run::Weights Run::weights_of(const std::string& label, const std::string& stage) const {
  std::vector<Tensor> values = read_weights(store_.folder(stage) / kWeightsFile, e_.model->weights());
  return {label, stage, values, stage + " " + hash_of(values)};
}

Run::Weights Run::average_of(const Technique& averager) const {
  return weights_of(averager.label, StageKeys::average(training_, keys_.observer(averager)));
}

/// Notes that an averager had no effect where its average equals the raw weights.
void Run::note_average(const Technique& averager, const Weights& average, const Weights& raw) {
  auto same = [](const Tensor& a, const Tensor& b) { return same_bits(a, b); };
  if (std::equal(average.values.begin(), average.values.end(), raw.values.begin(), same))
    evidence_.note_void(e_, averager, "its average equals the raw weights");
}

/// Scores the raw weights and every average, and returns the weights to export.
Run::Weights Run::choose_average() {
  Weights raw = weights_of("raw", training_);
  double raw_bpb = bits_per_byte(raw);
  Weights chosen = e_.averager ? average_of(*e_.averager) : raw;
  if (e_.averager) note_average(*e_.averager, chosen, raw);
  double chosen_bpb = bits_per_byte(chosen);
  summary_.bpb_raw = raw_bpb;
  summary_.bpb_averaged = chosen_bpb;
  auto consider = [&](Weights other, double bpb) {
    if (!e_.train.select_on_validation || bpb >= chosen_bpb) return;
    chosen = std::move(other);
    chosen_bpb = bpb;
  };
  consider(raw, raw_bpb);
  for (const Technique& averager : e_.extra_averagers) {
    Weights average = average_of(averager);
    note_average(averager, average, raw);
    double bpb = bits_per_byte(average);
    summary_.averages.emplace_back(averager.label, bpb);
    consider(std::move(average), bpb);
  }
  if (e_.train.select_on_validation) {
    summary_.selected_on_validation = chosen.label;
    status_.finish(
        fmt::format("warning: '{}' was selected on the validation text; {} is no longer a held-out score",
                    chosen.label, kBpb.name));
  }
  return chosen;
}

/// Makes the artifact of the weights and scores it, and fills in what the summary says of that.
void Run::export_and_score(const Weights& weights) {
  place_file(store_.folder(weights.stage) / kWeightsFile, folder_.file(kWeightsFile));
  ExportStage exported(e_, keys_, store_, corpus_->train(), status_);
  exported.run(weights.identity, weights.values, folder_.file(kArtifactFile));
  for (const NoEffect& found : exported.without_effect())
    for (const Experiment::Part& part : e_.parts)
      if (part.slot->kind == found.kind && part.technique.label == found.technique)
        evidence_.noted.push_back(
            {part.path, found.entirely ? Verdict::kVoid : Verdict::kPartial, found.reason});
  int64_t bytes = exported.bytes() + e_.budget.code_bytes;
  summary_.artifact_bytes = bytes;
  summary_.model_bytes = exported.bytes();
  summary_.code_bytes = e_.budget.code_bytes;
  summary_.under_cap = bytes <= e_.budget.artifact_bytes;
  summary_.export_seconds = exported.seconds();
  score_artifact(exported);
  StageNames& stages = summary_.stages;
  stages.train = training_;
  stages.weights = trained_.weights;
  stages.average = weights.stage;
  stages.quantize = exported.quantized();
  stages.compress = exported.compressed();
}

/// Scores the weights as read back from the artifact under every evaluator of the experiment.
void Run::score_artifact(const ExportStage& exported) {
  std::vector<Tensor> reloaded;
  auto values = [&] {
    if (reloaded.empty()) reloaded = exported.reloaded();
    return reloaded;
  };
  for (const RoutedEvaluator& evaluator : e_.evaluators) {
    ScoreRecord s = score(evaluator, exported.contents(), values, evidence_.after_export);
    if (&evaluator == &e_.stage_evaluator()) summary_.bpb_quantized = s.bpb;
    if (evaluator.headline) {
      summary_.bpb = s.bpb;
      summary_.loss_nats = s.loss_nats;
    }
    summary_.scores.emplace_back(evaluator.technique.label, s);
  }
}

/// Judges whether each technique acted, warns of those that did not, and fills in the summary.
void Run::check_effects(std::span<const Tensor> weights) {
  if (trained_.steps == 0) return;  // Nothing was trained, so nothing can have moved.
  evidence_.trace = trained_.trace;
  evidence_.probe = corpus_->probe();
  evidence_.weights = weights;
  std::vector<EffectFinding> findings = judge_effects(e_, evidence_);
  for (const EffectFinding& finding : findings)
    if (finding.verdict == Verdict::kVoid)
      status_.finish(fmt::format("warning: '{}' had no effect: {}", finding.technique, finding.reason));
  void_techniques_ = void_text(findings);
  add_findings(summary_, findings);
}

void Run::run_stages() {
  train();
  check_not_stopped("after training");
  Weights weights = choose_average();
  check_not_stopped("after averaging");
  export_and_score(weights);
  check_effects(weights.values);
  summary_.evaluation_seconds = evaluation_seconds_;
  summary_.peak_memory_bytes = std::max(peak_memory_bytes(), trained_.peak_memory_bytes);
}

/// Writes the summary of a run that ends without results: "failed" for a reason, or "stopped".
void Run::end_early(const char* status, const std::string& reason) {
  summary_.status = status;
  summary_.fail_reason = reason;
  try {
    write_summary(folder_.path(), summary_);
  } catch (const Error&) {
    // What ended the run is what the user is told. Without its summary the run counts as lost.
  }
}

/// Fails the run when it is strict and has a technique without effect, or its artifact exceeds the limit.
void Run::check_results() {
  auto refuse = [this](const std::string& reason) {
    end_early("failed", reason);
    throw Error(reason);
  };
  if (options_.strict && summary_.effect_check == name_of(Verdict::kVoid))
    refuse("no effect: " + void_techniques_ + "; switch it off or allow it with --allow-no-effect");
  if (*summary_.under_cap) return;
  int64_t over = *summary_.artifact_bytes - e_.budget.artifact_bytes;
  refuse(message(
      "the artifact is {} bytes over the limit of {}; see caddie artifact inspect {}",
      {with_commas(over), with_commas(e_.budget.artifact_bytes), folder_.file(kArtifactFile).string()}));
}

/// Writes the summary of a run that is done, and removes the run's own store.
void Run::finish() {
  summary_.status = "done";
  std::vector<std::string> outputs(std::begin(kOutputs), std::end(kOutputs));
  summary_.files = hashes_of(folder_.path(), outputs);
  write_summary(folder_.path(), summary_);
  if (is_owned(folder_.file(kPrivateStore))) remove_owned(folder_.file(kPrivateStore));
}

RunSummary Run::go() {
  remove_leftovers(folder_.path());
  if (!options_.store.empty()) store_use_.emplace(options_.store, folder_.path(), check_not_stopped_waiting);
  if (options_.fresh) {
    start_over();
  } else if (finished_before(&summary_)) {
    status_.finish(folder_.path().string() + ": finished before");
    return summary_;
  }
  corpus_.emplace(e_);
  write_file(folder_.file(kSettingsFile), tree_.resolved());
  RunRecord record = provenance(e_, registry_, key_, team_.size());
  record.stages.train = keys_.training();
  std::filesystem::remove(folder_.file(kSummaryFile));  // How this run ends is not known yet.
  write_run_record(folder_.path(), record);
  summary_.status = "running";
  StallWatch watch(e_.train.stall_seconds, [this](const std::string& why) { end_early("failed", why); });
  try {
    run_stages();
  } catch (const Error& unnamed) {
    Error error = blamed(unnamed);
    bool stopped = error.code() == kInterrupted || tells_of_full_disk(error.what());
    end_early(stopped ? "stopped" : "failed", stopped ? "" : error.what());
    throw error;
  } catch (...) {
    end_early("failed", text_of(std::current_exception()));
    throw;
  }
  check_results();
  finish();
  return summary_;
}

}  // namespace

RunSummary run_experiment(const Tree& tree, Experiment& experiment, const Registry& registry,
                          const RunOptions& options) {
  return Run(tree, experiment, registry, options).go();
}

void run_along(const Tree& tree, Experiment& experiment, const Registry& registry,
               const RunOptions& options) {
  const std::filesystem::path& weights = options.training.initial_weights;
  int ranks = options.training.ranks();
  Team team(options.training.comm, run_key(tree, experiment, registry, weights, ranks).run);
  std::filesystem::path folder = team.wait_for_start();
  if (folder.empty()) return;
  StageKeys keys(tree, experiment, registry, weights, ranks);
  Corpus corpus(experiment);
  Store store(folder.parent_path());
  StatusLine status(true);
  TrainingStage(experiment, corpus, keys, store, options.training, team, status).run_along(folder);
}

}  // namespace caddie
