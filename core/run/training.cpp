// SPDX-License-Identifier: Apache-2.0
// A training goes on from the furthest checkpoint that fits: its own, or one of a training that began alike.
#include "run/training.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/median.h"
#include "base/out_of_memory.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "process/interrupt.h"
#include "results/fingerprint.h"
#include "results/metrics.h"
#include "results/provenance.h"
#include "results/run_folder.h"
#include "run/effects.h"
#include "run/stored_weights.h"
#include "tensor/safetensors.h"
#include "train/checkpoint.h"

namespace caddie {
namespace {

constexpr const char* kJournalHash = "curves.xxh3";

/// Returns a hash of the rows of a metrics.csv up to a step, as a number, which a checkpoint can hold.
int64_t journal_number(const std::filesystem::path& file, int64_t step) {
  constexpr int kHexadecimal = 16, kDigits = 15;  // A number of 60 bits is never negative.
  return std::stoll(journal_hash(file, step).substr(0, kDigits), nullptr, kHexadecimal);
}

/// Returns the name of a validation's rows while several experiments share the training.
std::string validation_row(const std::string& key) { return kBpb.name + ("@" + key); }

/// Writes the metrics that a step reports.
void note(Metrics& curves, const Progress& p, int64_t tokens, const StepReport& report) {
  auto add = [&](const Metric& metric, double value) {
    curves.add(p.step, tokens, p.seconds, metric.name, value);
  };
  add(kTrainLoss, report.loss);
  for (const auto& [label, term] : report.terms)
    curves.add(p.step, tokens, p.seconds, name_of_term(label), term);
  add(kGradientNorm, report.gradient_norm);
  add(kLearningRateScale, report.lr_scale);
}

/// Tells whether the folder has a checkpoint in which all observers took part, and sets `step` to the
/// checkpoint's. Throws Error when the checkpoint is damaged, or the metrics.csv beside it.
bool carries(const std::filesystem::path& folder, const Observers& observers, int64_t* step) {
  if (!std::filesystem::exists(folder / kCheckpointFile)) return false;
  SafetensorsFile file(folder / kCheckpointFile);
  auto has = [&](const std::string& name) { return file.metadata().count(name) > 0; };
  for (const auto& [key, averager] : observers.averagers)
    if (!has("averagers." + key + ".seconds")) return false;
  for (const auto& [key, validation] : observers.validations)
    if (!has("validations." + key)) return false;
  if (!has("progress.step") || !has(kJournalHash)) return false;
  *step = std::stoll(file.metadata().at("progress.step"));
  check(file.metadata().at(kJournalHash) == std::to_string(journal_number(folder / kMetricsFile, *step)),
        "{}: not what the checkpoint beside it goes on from", (folder / kMetricsFile).string());
  return true;
}

}  // namespace

/// Holds a training that is under way.
struct TrainingStage::State {
  State(TrainingStage& stage, const std::filesystem::path& folder)
      : folder(folder),
        watch(stage.e_),
        loader(open_loader(stage.e_, stage.corpus_, stage.team_.rank(), stage.team_.size())),
        trainer(*stage.e_.model, stage.e_.optimizers, stage.e_.only<Schedule>(), stage.e_.train,
                stage.e_.budget, stage.team_.comm()) {
    observers.add(stage.e_, stage.keys_, stage.e_.data);
    if (stage.e_.budget.seconds == 0) attached.emplace(stage.options_.attached, stage.e_.data, observers);
    for (auto& [key, averager] : observers.averagers) trainer.add_averager(key, averager);
    trainer.multiply_rates_by(stage.e_.rate_factors);
    trainer.leave_when(stop_asked);
    if (stage.options_.check_finite) trainer.check_outputs_first();
  }

  /// Reads or writes what a checkpoint carries.
  void archive(Archive& archive) {
    trainer.state(archive);
    for (const auto& [key, validation] : observers.validations) {
      int64_t every = validation.every;
      archive(("validations." + key).c_str(), every);
    }
    PrefixedArchive batches(archive, "batches.");
    loader.state(batches);
    archive("tokens", tokens);
    archive_bits(archive, "last_loss", last_loss);
    watch.state(archive);
  }

  std::vector<Batch> next_batches() { return loader.next_step(progress()); }

  const Progress& progress() const { return trainer.progress(); }

  std::filesystem::path folder;
  Observers observers;
  std::optional<AttachedExperiments> attached;
  TrainingWatch watch;
  Loader loader;
  Trainer trainer;
  std::optional<Metrics> curves;
  int64_t tokens = 0;  // all that the steps so far were trained on
  double last_loss = 0;
  std::vector<double> token_seconds;  // the seconds per token of each step
};

TrainingStage::TrainingStage(Experiment& experiment, const Corpus& corpus, const StageKeys& keys,
                             Store& store, const TrainingOptions& options, Team& team, StatusLine& status)
    : e_(experiment),
      corpus_(corpus),
      keys_(keys),
      store_(store),
      options_(options),
      team_(team),
      status_(status),
      key_(keys.training()) {}

TrainRecord TrainingStage::run() {
  Observers own;
  own.add(e_, keys_, e_.data);
  bool made = false;
  auto make = [&](const std::filesystem::path& folder) {
    made = true;
    team_.start(folder);
    return with_memory_advice(
        "a smaller train.micro_batch_tokens or fewer train.gradient_accumulators need less",
        [&] { return train(folder); });
  };
  // Averages are stages of their own, which may be gone or come from another training of the same name.
  auto suffices = [&](const TrainRecord& found) {
    return own.took_part(found) &&
           std::all_of(own.averagers.begin(), own.averagers.end(), [&](const auto& averager) {
             auto average = store_.find_as<AverageRecord>(StageKeys::average(key_, averager.first));
             return average && average->weights == found.weights &&
                    store_.damage(StageKeys::average(key_, averager.first)).empty();
           });
  };
  TrainRecord record = store_.get(key_, make, suffices);
  team_.release();
  if (made) std::filesystem::remove(store_.folder(key_) / kCheckpointFile);
  return record;
}

TrainRecord TrainingStage::train(const std::filesystem::path& folder) {
  StageScope scope(Stage::kTrain);
  initialize();
  State state(*this, folder);
  Beginning beginning;
  if (team_.leads()) beginning = find_beginning(folder, state.observers);
  if (!beginning.folder.empty()) beginning.folder = std::filesystem::absolute(beginning.folder);
  beginning.folder = team_.broadcast(beginning.folder.string());
  bool resumes = !beginning.folder.empty();
  if (resumes)
    load_checkpoint(beginning.folder / kCheckpointFile, e_.model->weights().device(),
                    [&](Archive& archive) { state.archive(archive); });
  team_.check_same("the weights at the beginning", [&] { return hash_of(e_.model->weights().values()); });
  if (!resumes && e_.train.discarded_warmup_steps > 0) discarded_warmup(state);
  if (team_.leads()) begin_curves(state, beginning);
  take_steps(state);
  check_still_hashed(corpus_.train());
  team_.check_same("the trained weights", [&] { return hash_of(e_.model->weights().values()); });
  return team_.leads() ? finish(state) : TrainRecord();
}

void TrainingStage::begin_curves(State& state, const Beginning& beginning) {
  if (!beginning.folder.empty()) {
    bool own = std::filesystem::equivalent(beginning.folder, state.folder);
    if (!own) write_file(state.folder / kMetricsFile, read_file(beginning.folder / kMetricsFile));
    status_.finish(fmt::format("going on from the checkpoint at step {}{}", beginning.step,
                               own ? "" : " of a training that began alike"));
  }
  state.curves.emplace(state.folder / kMetricsFile, beginning.step);
}

void TrainingStage::initialize() {
  Model& model = *e_.model;
  model.initialize(e_.only<Initializer>(), uint64_t(e_.seed));
  if (options_.initial_weights.empty()) return;
  if (std::string unused = unused_weights(options_.initial_weights, model.weights()); !unused.empty()) {
    if (!options_.allow_unused_weights)
      fail_usage("{}; take them out, or say --allow-unused-weights", unused);
    status_.finish("note: " + unused);
  }
  std::vector<Tensor> values = read_weights(options_.initial_weights, model.weights());
  check_still_hashed(options_.initial_weights);
  if (std::string bad = not_finite_in(values, model.weights()); !bad.empty())
    fail_usage("{}: {}; a training starts from finite numbers", options_.initial_weights.string(), bad);
  for (int i = 0; i < model.weights().size(); ++i)
    if (values[size_t(i)].defined()) copy(values[size_t(i)], model.weights().value(i));
}

TrainingStage::Beginning TrainingStage::find_beginning(const std::filesystem::path& folder,
                                                       const Observers& observers) const {
  Beginning best;
  auto consider = [&](const std::filesystem::path& place) {
    int64_t step = 0;
    try {
      if (carries(place, observers, &step) && step > best.step) best = {step, place};
    } catch (const Error& error) {
      status_.finish(message("warning: {}; training does not go on from there", {error.what()}));
    }
  };
  consider(folder);
  if (options_.forks.empty()) return best;
  ScheduleSignature signature = keys_.schedule_signature();
  for (int64_t step : options_.forks) {
    std::string key = StageKeys::seeded(StageKeys::prefix_group(signature, step), e_.seed);
    if (store_.find(key)) consider(store_.folder(key));
  }
  return best;
}

// The state before the warm-up is set aside in a file, as a checkpoint is, and read back after it. No rank
// reads before the first one has written: the ranks wait for each other in every step.
void TrainingStage::discarded_warmup(State& state) {
  std::filesystem::path aside = state.folder / "before_warmup.safetensors";
  auto restored = [&](Archive& archive) {
    state.trainer.restored_state(archive, e_.train.discarded_warmup_keeps);
  };
  if (team_.leads()) save_checkpoint(aside, restored);
  try {
    for (int64_t step = 0; step < e_.train.discarded_warmup_steps; ++step)
      state.trainer.discarded_step(state.next_batches());
  } catch (const StepLeft&) {
    stop_here("in the discarded warm-up");
  }
  load_checkpoint(aside, e_.model->weights().device(), restored);
  state.loader.restart();
  team_.any(false);  // Returns when all ranks have read the file.
  if (team_.leads()) std::filesystem::remove(aside);
}

void TrainingStage::take_steps(State& state) {
  Stopwatch since_saved;
  while (!state.trainer.finished()) {
    StepReport report = step_or_stop(state);
    const Progress& p = state.progress();
    state.last_loss = report.loss;
    state.watch.see_scale(report.lr_scale);
    state.watch.see_batches(state.loader.is_plain());
    state.tokens += report.tokens;
    state.token_seconds.push_back(report.seconds / double(report.tokens));
    if (state.curves) note(*state.curves, p, state.tokens, report);
    // A checkpoint at the very end would say nothing of which sites the training visits.
    if (state.trainer.finished()) break;
    bool due = e_.train.checkpoint_seconds > 0 && since_saved.seconds() > e_.train.checkpoint_seconds;
    if (team_.leads()) {
      validate(state);
      show(state, report);
      fork(state);
      if (due) save(state, state.folder);
    }
    if (due) since_saved.lap();
    // Here the other ranks wait for the first one, while no clock of the training runs.
    if (!team_.any(stop_asked())) continue;
    if (team_.leads() && !due) save(state, state.folder);
    stop_here(fmt::format("at step {}", p.step));
  }
}

/// Takes a step. One that is left has read batches, which whoever goes on must read again.
StepReport TrainingStage::step_or_stop(State& state) {
  Loader::Position position = state.loader.position();
  try {
    return state.trainer.step(state.next_batches());
  } catch (const StepLeft&) {
    state.loader.return_to(position);
  }
  save(state, state.folder);
  stop_here(fmt::format("at step {}", state.progress().step));
}

void TrainingStage::validate(State& state) {
  const Progress& p = state.progress();
  e_.model->evaluate_at(p);
  for (const auto& [key, validation] : state.observers.validations) {
    if (p.step % validation.every != 0) continue;
    Score score = corpus_.validation().score(*validation.evaluator, e_.model->weights().values()).score;
    state.curves->add(p.step, state.tokens, p.seconds, validation_row(key), score.bits_per_byte());
  }
  e_.model->evaluate_at(Progress());
}

// What was trained on text that changed meanwhile is never gone on from.
void TrainingStage::save(State& state, const std::filesystem::path& folder) const {
  check_still_hashed(corpus_.train());
  state.curves->flush();
  int64_t journal = journal_number(state.folder / kMetricsFile, state.progress().step);
  save_checkpoint(folder / kCheckpointFile, [&](Archive& archive) {
    state.archive(archive);
    archive(kJournalHash, journal);
  });
}

// Saves the training so far for those that go another way from here on.
void TrainingStage::fork(State& state) const {
  int64_t step = state.progress().step;
  if (std::find(options_.forks.begin(), options_.forks.end(), step) == options_.forks.end()) return;
  std::string key = StageKeys::seeded(StageKeys::prefix_group(keys_.schedule_signature(), step), e_.seed);
  store_.put(key, [&](const std::filesystem::path& folder) -> PrefixRecord {
    save(state, folder);
    write_file(folder / kMetricsFile, read_file(state.folder / kMetricsFile));
    return {step, key_};
  });
}

void TrainingStage::show(const State& state, const StepReport& report) {
  if (!status_.due()) return;
  const Progress& p = state.progress();
  double rate = double(report.tokens) / report.seconds;
  double left = state.loader.tokens_ahead(p) / rate;
  if (p.budget_seconds > 0) left = std::min(left, p.budget_seconds - p.seconds);
  std::string terms;
  for (const auto& [label, term] : report.terms) terms += fmt::format(" + {} {:.4f}", label, term);
  status_.show(fmt::format("step {}/{}  loss {:.4f}{}  lr x{:.3f}  {} tok/s  {} left", p.step, p.steps,
                           report.loss, terms, report.lr_scale, with_commas(int64_t(rate)),
                           duration(std::max(0.0, left))));
}

TrainRecord TrainingStage::finish(State& state) {
  const Progress& p = state.progress();
  const WeightTable& table = e_.model->weights();
  state.curves->flush();
  double usual_seconds = median(state.token_seconds);
  TrainRecord record;
  record.steps = p.step;
  record.tokens = state.tokens;
  record.parameters = table.parameters();
  record.train_loss = state.last_loss;
  record.seconds = p.seconds;
  record.tokens_per_second = usual_seconds > 0 ? 1 / usual_seconds : 0;
  record.weights = hash_of(table.values());
  record.trace = state.watch.trace(state.trainer);
  for (const auto& [key, validation] : state.observers.validations)
    record.validations.emplace_back(key, validation.every);
  for (const auto& averager : state.observers.averagers) {
    const std::string& key = averager.first;
    record.averagers.emplace_back(key, state.trainer.seconds_of(key));
    store_.put(StageKeys::average(key_, key), [&](const std::filesystem::path& folder) -> AverageRecord {
      write_weights(folder / kWeightsFile, table, state.trainer.averaged_by(key));
      return {key_, record.weights};
    });
  }
  write_weights(state.folder / kWeightsFile, table, table.values());
  record.peak_memory_bytes = peak_memory_bytes();
  status_.finish(fmt::format("trained {} steps, loss {:.4f}, {} tok/s, {}", p.step, state.last_loss,
                             with_commas(int64_t(record.tokens_per_second)), duration(p.seconds)));
  return record;
}

void TrainingStage::write_metrics(const std::filesystem::path& file) const {
  std::string own = validation_row(validation_key(e_, keys_)), text;
  for (const std::string& row : split(read_file(store_.folder(key_) / kMetricsFile), '\n')) {
    if (row.empty()) continue;
    std::vector<std::string> cells = split(row, ',');
    if (cells.at(3) == own)
      cells[3] = kBpb.name;
    else if (cells[3].starts_with(validation_row("")))
      continue;
    text += join(cells, ",") + "\n";
  }
  write_file(file, text);
}

}  // namespace caddie
