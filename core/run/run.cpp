// SPDX-License-Identifier: Apache-2.0
#include "run/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>

#include "base/console.h"
#include "base/files.h"
#include "base/text.h"
#include "data/validation.h"
#include "data/vocabulary.h"
#include "evaluate/score.h"
#include "export/export.h"
#include "run/effects.h"
#include "tensor/safetensors.h"
#include "train/checkpoint.h"

namespace caddie {
namespace {

using Clock = std::chrono::steady_clock;
volatile std::sig_atomic_t stop_asked = 0;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::vector<std::pair<std::string, Tensor>> named_weights(const WeightTable& table,
                                                          std::span<const Tensor> values) {
  std::vector<std::pair<std::string, Tensor>> named;
  for (int i = 0; i < table.size(); ++i) named.emplace_back(table.info(i).name, on_host(values[size_t(i)]));
  return named;
}

class Run {
 public:
  Run(const Tree& tree, Experiment& experiment, const Registry& registry, const RunOptions& options)
      : tree_(tree),
        e_(experiment),
        registry_(registry),
        options_(options),
        folder_(options.folder),
        key_(run_key(tree, experiment, registry, options.initial_weights)),
        status_(options.quiet) {}

  Json go();

 private:
  bool finished_before(Json* summary);
  void open_data();
  void start_model();
  void train();
  bool resume(Trainer& trainer, Loader& loader);
  void prime(Trainer& trainer, Loader& loader);
  std::vector<Batch> next_batches(Loader& loader) const;
  void save(Trainer& trainer, Loader& loader);
  void show(const Trainer& trainer, const StepReport& report);
  void export_and_score(const Trainer& trainer);
  void check_effects(const Trainer& trainer, std::span<const Tensor> weights);
  std::vector<Tensor> choose_average(const Trainer& trainer);
  Score score(const Technique& evaluator, std::span<const Tensor> weights);
  const Technique& stage_evaluator() const;
  std::vector<Tensor> through_artifact(std::span<const Tensor> weights);

  const Tree& tree_;
  Experiment& e_;
  const Registry& registry_;
  const RunOptions& options_;
  RunFolder folder_;
  RunKey key_;

  std::optional<TokenStream> train_stream_, validation_stream_;
  std::optional<Vocabulary> vocabulary_;
  std::vector<int32_t> validation_;
  std::optional<Metrics> metrics_;
  std::optional<EffectWatch> effects_;
  StatusLine status_;
  Json summary_;
  std::vector<Idle> idle_;
  double last_loss_ = 0;
  double evaluation_seconds_ = 0;
  std::vector<double> step_seconds_;
};

bool Run::finished_before(Json* summary) {
  if (options_.fresh) {
    for (const char* name : {"summary.json", "checkpoint.safetensors", "metrics.csv", "run.json"})
      std::filesystem::remove(folder_.file(name));
    return false;
  }
  std::optional<Json> record = folder_.read_json("run.json");
  if (record && record->value("key", "") != key_.run)
    throw Error(
        message(
            "{}: holds a run with other settings, plugins, data or build (key {}, this one is {}); choose "
            "another folder or start over with --fresh",
            {folder_.path().string(), record->value("key", "").substr(0, 8), key_.run.substr(0, 8)}),
        2);
  std::optional<Json> done = folder_.read_json("summary.json");
  if (!done || done->value("status", "") != "done") return false;
  *summary = *done;
  return true;
}

void Run::open_data() {
  train_stream_.emplace(e_.data.train);
  validation_stream_.emplace(e_.data.validation);
  vocabulary_.emplace(e_.data.tokenizer, e_.model_settings.vocabulary);
  check_matches(*train_stream_, *vocabulary_);
  check_matches(*validation_stream_, *vocabulary_);
  check(vocabulary_->pieces() <= e_.model_settings.vocabulary,
        "model.vocabulary is {}, but {} has {} pieces; set model.vocabulary = {}",
        e_.model_settings.vocabulary, e_.data.tokenizer, vocabulary_->pieces(), vocabulary_->pieces());
  validation_ = load_validation(*validation_stream_, e_.data.sequence_length);
}

void Run::start_model() {
  Model& model = *e_.model;
  model.initialize(e_.initializer.as<Initializer>(), uint64_t(e_.seed));
  if (options_.initial_weights.empty()) return;
  SafetensorsFile file(options_.initial_weights);
  for (int i = 0; i < model.weights().size(); ++i) {
    const WeightInfo& info = model.weights().info(i);
    Tensor stored = file.floats(info.name);
    check(stored.shape() == info.shape, "{}: {} is {}, the model wants {}", options_.initial_weights.string(),
          info.name, stored.shape(), info.shape);
    copy(stored, model.weights().value(i));
  }
}

const Technique& Run::stage_evaluator() const {
  for (const RoutedEvaluator& evaluator : e_.evaluators)
    if (!evaluator.headline) return evaluator.technique;
  return e_.headline().technique;
}

Score Run::score(const Technique& evaluator, std::span<const Tensor> weights) {
  ModelScorer scorer(*e_.model, weights, validation_, *vocabulary_, e_.train.micro_batch_tokens);
  Score score = evaluator.as<Evaluator>().evaluate(scorer);
  evaluation_seconds_ += score.seconds;
  return score;
}

bool Run::resume(Trainer& trainer, Loader& loader) {
  if (!folder_.has("checkpoint.safetensors")) return false;
  int64_t position = 0, loss_bits = 0;
  load_checkpoint(folder_.file("checkpoint.safetensors"), e_.model->weights().device(),
                  [&](Archive& archive) {
                    trainer.state(archive);
                    archive("loader.position", position);
                    archive("last_loss", loss_bits);
                  });
  std::memcpy(&last_loss_, &loss_bits, sizeof loss_bits);
  loader.seek(position);
  status_.finish(fmt::format("going on from the checkpoint at step {}", trainer.progress().step));
  return true;
}

// What has to start over is set aside in a file, as a checkpoint would be.
void Run::prime(Trainer& trainer, Loader& loader) {
  std::filesystem::path aside = folder_.file("before_priming.safetensors");
  auto state = [&](Archive& archive) { trainer.primed_state(archive, e_.train.prime_keeps); };
  save_checkpoint(aside, state);
  for (int64_t step = 0; step < e_.train.prime_steps; ++step) trainer.prime(next_batches(loader));
  load_checkpoint(aside, e_.model->weights().device(), state);
  std::filesystem::remove(aside);
  loader.seek(0);
}

std::vector<Batch> Run::next_batches(Loader& loader) const {
  std::vector<Batch> batches;
  for (int i = 0; i < e_.train.accumulation; ++i) batches.push_back(loader.next());
  return batches;
}

void Run::save(Trainer& trainer, Loader& loader) {
  int64_t position = loader.position(), loss_bits;
  std::memcpy(&loss_bits, &last_loss_, sizeof loss_bits);
  metrics_->flush();
  save_checkpoint(folder_.file("checkpoint.safetensors"), [&](Archive& archive) {
    trainer.state(archive);
    archive("loader.position", position);
    archive("last_loss", loss_bits);
  });
}

void Run::show(const Trainer& trainer, const StepReport& report) {
  if (!status_.due()) return;
  const Progress& p = trainer.progress();
  double rate = double(report.tokens) / report.seconds;
  double left = double(p.steps - p.step) * report.seconds;
  if (p.budget_seconds > 0) left = std::min(left, p.budget_seconds - p.seconds);
  status_.show(fmt::format("step {}/{}  loss {:.4f}  lr x{:.3f}  {} tok/s  {} left", p.step, p.steps,
                           report.loss, report.scale, with_commas(int64_t(rate)),
                           duration(std::max(0.0, left))));
}

void Run::train() {
  Loader loader(*train_stream_, e_.data.batch_tokens, e_.data.sequence_length, e_.train.accumulation);
  Averager* averager = e_.averager ? &e_.averager->as<Averager>() : nullptr;
  effects_.emplace(e_);
  Trainer trainer(*e_.model, e_.optimizers, e_.schedule.as<Schedule>(), averager, e_.train, e_.budget);
  for (const Technique& rider : e_.riders) trainer.ride(rider);
  bool resumed = resume(trainer, loader);
  if (!resumed && e_.train.prime_steps > 0) prime(trainer, loader);
  metrics_.emplace(folder_.file("metrics.csv"), resumed ? trainer.progress().step : 0);
  auto saved = Clock::now();
  int64_t step_tokens = e_.data.batch_tokens;
  while (!trainer.finished()) {
    StepReport report = trainer.step(next_batches(loader));
    last_loss_ = report.loss;
    step_tokens = report.tokens;
    step_seconds_.push_back(report.seconds);
    const Progress& p = trainer.progress();
    metrics_->add(p.step, p.step * report.tokens, p.seconds, "train_loss", report.loss);
    if (e_.train.validate_every > 0 && p.step % e_.train.validate_every == 0 && !trainer.finished()) {
      Score validation = score(stage_evaluator(), e_.model->weights().values());
      metrics_->add(p.step, p.step * report.tokens, p.seconds, "val_bpb", validation.bits_per_byte());
    }
    show(trainer, report);
    bool stop = stop_asked != 0;
    if (stop || (e_.train.checkpoint_seconds > 0 && since(saved) > e_.train.checkpoint_seconds)) {
      save(trainer, loader);
      saved = Clock::now();
    }
    if (stop)
      throw Error(message("interrupted at step {}; run the same command again to go on", {p.step}),
                  kInterrupted);
  }
  metrics_->flush();
  if (e_.train.checkpoint_seconds > 0) save(trainer, loader);
  const Progress& p = trainer.progress();
  std::sort(step_seconds_.begin(), step_seconds_.end());
  double median = step_seconds_.empty() ? 0 : step_seconds_[step_seconds_.size() / 2];
  summary_["train_loss"] = last_loss_;
  summary_["steps"] = p.step;
  summary_["tokens"] = p.step * step_tokens;
  summary_["params"] = e_.model->weights().parameters();
  summary_["train_time_s"] = p.seconds;
  summary_["step_avg_ms"] = p.step ? 1000 * p.seconds / double(p.step) : 0;
  summary_["tok_s"] = median > 0 ? double(step_tokens) / median : 0;
  status_.finish(fmt::format("trained {} steps, loss {:.4f}, {} tok/s, {}", p.step, last_loss_,
                             with_commas(int64_t(summary_["tok_s"])), duration(p.seconds)));
  export_and_score(trainer);
}

std::vector<Tensor> Run::through_artifact(std::span<const Tensor> weights) {
  auto start = Clock::now();
  QuantizedModel quantized =
      quantize_model(e_.export_parts, *e_.model, weights, &*train_stream_, uint64_t(e_.seed), status_);
  WrittenArtifact written =
      write_artifact(e_.export_parts, e_.model->weights().infos(), std::move(quantized.artifact),
                     e_.budget.artifact_bytes, e_.budget.code_bytes, status_);
  write_file(folder_.file("artifact.bin"), written.bytes);
  for (const auto* idle : {&quantized.idle, &written.idle})
    idle_.insert(idle_.end(), idle->begin(), idle->end());
  auto size = int64_t(written.bytes.size());
  summary_["artifact_bytes"] = size + e_.budget.code_bytes;
  summary_["bytes_model"] = size;
  summary_["bytes_code"] = e_.budget.code_bytes;
  summary_["under_cap"] = size + e_.budget.code_bytes <= e_.budget.artifact_bytes;
  summary_["export_time_s"] = since(start);
  return read_artifact(read_file(folder_.file("artifact.bin")), e_.export_parts, *e_.model);
}

// Scores the raw weights and every average, and says which of them is exported.
std::vector<Tensor> Run::choose_average(const Trainer& trainer) {
  const Technique& stage = stage_evaluator();
  std::span<const Tensor> raw = e_.model->weights().values();
  double raw_bpb = score(stage, raw).bits_per_byte();
  summary_["val_bpb_raw"] = raw_bpb;
  std::vector<Tensor> chosen = trainer.averaged();
  double chosen_bpb = e_.averager ? score(stage, chosen).bits_per_byte() : raw_bpb;
  summary_["val_bpb_avg"] = chosen_bpb;
  std::string name = e_.averager ? e_.averager->label : "raw";
  auto consider = [&](const std::string& other, std::vector<Tensor> weights, double bpb) {
    if (!e_.train.select_on_validation || bpb >= chosen_bpb) return;
    name = other;
    chosen = std::move(weights);
    chosen_bpb = bpb;
  };
  consider("raw", {raw.begin(), raw.end()}, raw_bpb);
  for (const Technique& rider : e_.riders) {
    std::vector<Tensor> weights = trainer.averaged_by(rider.as<Averager>());
    double bpb = score(stage, weights).bits_per_byte();
    summary_["averages"][rider.label] = bpb;
    consider(rider.label, std::move(weights), bpb);
  }
  if (e_.train.select_on_validation) {
    summary_["selected_on_validation"] = name;
    status_.finish("warning: '" + name +
                   "' was selected on the validation text; val_bpb is no longer a held-out score");
  }
  return chosen;
}

void Run::export_and_score(const Trainer& trainer) {
  std::vector<Tensor> averaged = choose_average(trainer);
  write_safetensors(folder_.file("weights.safetensors"), named_weights(e_.model->weights(), averaged), {});
  const Technique& stage = stage_evaluator();
  std::vector<Tensor> reloaded = through_artifact(averaged);
  effects_->exported();
  Json scores = Json::object();
  for (const RoutedEvaluator& evaluator : e_.evaluators) {
    Score s = score(evaluator.technique, reloaded);
    scores[evaluator.technique.label] = {{"val_bpb", s.bits_per_byte()}, {"val_loss_nats", s.loss()},
                                         {"tokens", s.tokens},           {"bytes", s.bytes},
                                         {"windows", s.windows},         {"seconds", s.seconds}};
    if (&evaluator.technique == &stage) summary_["val_bpb_quant"] = s.bits_per_byte();
    if (!evaluator.headline) continue;
    summary_["val_bpb"] = s.bits_per_byte();
    summary_["val_loss_nats"] = s.loss();
  }
  check_effects(trainer, averaged);
  summary_["scores"] = scores;
  summary_["eval_time_s"] = evaluation_seconds_;
}

void Run::check_effects(const Trainer& trainer, std::span<const Tensor> weights) {
  if (trainer.progress().step == 0) return;  // nothing was trained, so nothing can have moved
  std::span<const int32_t> probe(validation_.data(), size_t(e_.data.sequence_length));
  Verdict worst = Verdict::kActed;
  Json reasons = Json::object();
  std::vector<EffectFinding> findings = effects_->findings(trainer, probe, weights);
  for (const Idle& idle : idle_)
    findings.push_back({idle.technique, idle.wholly ? Verdict::kVoid : Verdict::kPartial, idle.reason});
  for (const EffectFinding& finding : findings) {
    if (finding.verdict == Verdict::kActed) continue;
    worst = std::max(worst, finding.verdict);
    reasons[finding.technique] = fmt::format("{}: {}", name_of(finding.verdict), finding.reason);
    if (finding.verdict == Verdict::kVoid)
      status_.finish(fmt::format("warning: '{}' had no effect: {}", finding.technique, finding.reason));
  }
  summary_["effect_check"] = name_of(worst);
  summary_["effects"] = reasons;
}

Json Run::go() {
  if (finished_before(&summary_)) {
    status_.finish(folder_.path().string() + ": finished before");
    return summary_;
  }
  open_data();
  write_file(folder_.file("resolved.toml"), tree_.resolved());
  folder_.write_json("run.json", provenance(e_, registry_, key_));
  auto fail_with = [&](const std::string& reason) {
    summary_["status"] = "failed";
    summary_["fail_reason"] = reason;
    folder_.write_json("summary.json", summary_);
  };
  summary_["status"] = "running";
  try {
    start_model();
    train();
  } catch (const Error& error) {
    if (error.code() != kInterrupted) fail_with(error.what());
    throw;
  }
  summary_["peak_mem_bytes"] = peak_memory_bytes();
  if (options_.strict && summary_.value("effect_check", "") == name_of(Verdict::kVoid)) {
    std::string reason = "a technique had no effect: " + summary_["effects"].dump();
    fail_with(reason);
    throw Error(reason + "; switch it off, or allow it with --allow-no-effect");
  }
  if (!summary_["under_cap"]) {
    int64_t over = int64_t(summary_["artifact_bytes"]) - e_.budget.artifact_bytes;
    std::string reason = message(
        "the artifact is {} bytes over the limit of {}; see caddie artifact inspect {}",
        {with_commas(over), with_commas(e_.budget.artifact_bytes), folder_.file("artifact.bin").string()});
    fail_with(reason);
    throw Error(reason);
  }
  summary_["status"] = "done";
  folder_.write_json("summary.json", summary_);
  std::filesystem::remove(folder_.file("checkpoint.safetensors"));
  return summary_;
}

void ask_to_stop(int) { stop_asked = 1; }

}  // namespace

void stop_on_signals() {
  struct sigaction action = {};
  action.sa_handler = ask_to_stop;
  action.sa_flags = SA_RESETHAND;  // a second signal ends the program at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

Json run_experiment(const Tree& tree, Experiment& experiment, const Registry& registry,
                    const RunOptions& options) {
  return Run(tree, experiment, registry, options).go();
}

}  // namespace caddie
