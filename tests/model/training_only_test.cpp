// SPDX-License-Identifier: Apache-2.0
// What acts in training only: terms of the loss, random numbers of a pass, and weights that are not exported.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "comm/comm.h"
#include "export/estimate.h"
#include "run/effects.h"
#include "run/stored_weights.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"
#include "train/checkpoint.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int64_t kTwoRows = 2, kLongLength = 150;

/// Two rows of 150 tokens, of which the loss is taken in stretches of 64, 64 and 22 positions.
const Batch& long_batch() {
  static const Batch made = [] {
    Batch rows{{}, {}, kTwoRows, kLongLength};
    Rng rng(3, "tokens");
    for (int64_t i = 0; i < kTwoRows * kLongLength; ++i) {
      rows.inputs.push_back(int32_t(rng.below(2048)));
      rows.targets.push_back(int32_t(rng.below(2048)));
    }
    return rows;
  }();
  return made;
}

Experiment long_model(std::vector<std::string> changes) {
  for (const char* change :
       {"data.sequence_length = 150", "model.vocabulary = 2048", "model.dim = 32", "model.layers = 2"})
    changes.insert(changes.begin(), change);
  Experiment experiment = small_experiment(changes);
  fill_by_name(*experiment.model);
  return experiment;
}

struct TrainedPass {
  LossSums sums;
  std::vector<Tensor> gradients;
};

/// A training pass over the batch, and what it adds to the gradients.
TrainedPass train_pass(Model& model, const TrainingPass& at = {}) {
  TrainedPass made;
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  for (Leaf& leaf : leaves) leaf.gradient = made.gradients.emplace_back(leaf.value.shape()).data();
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  Ids inputs = place_ids(tape, long_batch().inputs.data(), kTwoRows, kLongLength);
  made.sums = model.add_gradients(inputs, place_ids(tape, long_batch().targets.data(), kTwoRows, kLongLength),
                                  Mode::kTrain, at, 1);
  return made;
}

/// The logits of a forward pass alone.
Tensor logits_at(Model& model, Mode mode, const TrainingPass& at = {}) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, mode == Mode::kTrain);
  return clone(
      model.logits(place_ids(tape, long_batch().inputs.data(), kTwoRows, kLongLength), mode, at).value());
}

/// Trains a small model for some steps; its loss is taken on several threads.
struct ThreadedTraining {
  Experiment experiment;
  Trainer trainer;

  explicit ThreadedTraining(const std::vector<std::string>& changes)
      : experiment(small_experiment(changes)),
        trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                experiment.budget) {
    experiment.model->initialize(experiment.only<Initializer>(), 1);
  }
  /// Some of the six rows of a step's batch.
  static Batch rows(int number, int64_t first = 0, int64_t count = 6) {
    Batch batch{{}, {}, count, 12};
    Rng rng(uint64_t(number), "batch");
    for (int64_t i = 0; i < 6 * 12; ++i) {
      auto token = int32_t(rng.below(31));
      if (i / 12 < first || i / 12 >= first + count) continue;
      batch.inputs.push_back(token);
      batch.targets.push_back((token + 1) % 31);
    }
    return batch;
  }
  StepReport step(int number) {
    Batch batch = rows(number);
    return trainer.step({&batch, 1});
  }
  std::vector<Tensor> weights() const {
    std::vector<Tensor> copies;
    for (const Tensor& value : experiment.model->weights().values()) copies.push_back(clone(value));
    return copies;
  }
};

/// Notes the first words of what it may draw, at three sites.
struct Draws final : Modifier {
  std::vector<RandomWords> seen;
  void note(Forward& forward) {
    for (int key : {0, 1}) seen.push_back(forward.rng(key).words(0));
  }
  Var stem(Forward& forward, Var x) override { return note(forward), x; }
  Var normed(Block& block, Var h) override { return note(block.forward), h; }
  Var branch(Block& block, Var y) override { return note(block.forward), y; }
};

const std::vector<std::string> kTrainingOnly = {
    "techniques.dropout = {}", "techniques.z_loss = {coefficient = 0.01}", "techniques.label_smoothing = {}",
    "techniques.multi_token_prediction = {heads = 2}",
    "train = {micro_batch_tokens = 12, gradient_accumulators = 3}"};

}  // namespace

TEST_CASE("terms are summed over stretches and rows, and the loss is the cross entropy alone",
          "[objectives]") {
  Experiment plain = long_model({});
  // Heads of zeros find every token equally likely, so that each one's mean loss is log(V).
  Experiment e = long_model({"techniques.multi_token_prediction = {heads = 3, weight = 0.5}",
                             "techniques.z_loss = {coefficient = 0.25}", "techniques.logit_softcap = {}"});
  const WeightTable& weights = e.model->weights();
  for (int k = 0; k < 3; ++k) {
    const Tensor& head = weights.value(weights.find("mtp_heads." + std::to_string(k) + ".weight"));
    std::fill_n(head.data(), head.numel(), 0.0f);
  }
  LossSums sums = train_pass(*e.model).sums;
  REQUIRE(sums.terms.size() == 2);
  CHECK(sums.terms[0] == Approx(0.5 * std::log(2048.0) * kTwoRows * kLongLength).epsilon(1e-5));
  Tensor z = logits_at(*e.model, Mode::kTrain);
  double squares = 0, nats = 0;
  for (int64_t r = 0; r < kTwoRows * kLongLength; ++r) {
    const float* row = z.data() + r * 2048;
    double sum = 0;
    for (int v = 0; v < 2048; ++v) sum += std::exp(double(row[v]));
    squares += 0.25 * std::pow(std::log(sum), 2);
    nats += std::log(sum) - double(row[long_batch().targets[size_t(r)]]);
  }
  CHECK(sums.terms[1] == Approx(squares).epsilon(1e-5));
  CHECK(sums.nats == Approx(nats).epsilon(1e-5));
}

TEST_CASE("the gradient is that of the loss with its terms", "[objectives]") {
  Experiment e = long_model({"techniques.multi_token_prediction = {heads = 2}",
                             "techniques.z_loss = {coefficient = 0.01}", "techniques.label_smoothing = {}",
                             "techniques.logit_softcap = {}"});
  Model& model = *e.model;
  std::vector<Tensor> gradients = train_pass(model).gradients;
  auto whole = [&] {
    LossSums sums = train_pass(model).sums;
    return sums.nats + sums.terms[0] + sums.terms[1] + sums.terms[2];
  };
  for (const char* name : {"mtp_heads.1.weight", "tok_emb.weight", "blocks.1.mlp.fc.weight"}) {
    INFO(name);
    int i = model.weights().find(name);
    const Tensor& w = model.weights().value(i);
    Tensor direction = random_tensor(w.shape(), "direction"), kept = clone(w);
    double slope = 0;
    for (int64_t k = 0; k < w.numel(); ++k)
      slope += double(direction.data()[k]) * double(gradients[size_t(i)].data()[k]);
    auto at = [&](float step) {
      for (int64_t k = 0; k < w.numel(); ++k) w.data()[k] = kept.data()[k] + step * direction.data()[k];
      double loss = whole();
      copy(kept, w);
      return loss;
    };
    CHECK((at(1e-3f) - at(-1e-3f)) / 2e-3 == Approx(slope).epsilon(1e-2));
  }
}

TEST_CASE("a pass draws by seed, step and micro-batch, and the same when it is computed again", "[rng]") {
  Experiment e = long_model({"techniques.dropout = {}"});
  Model& model = *e.model;
  e.model->draw_by(5);
  TrainingPass first, later, other{Progress(), 1};
  later.progress.step = 1;
  Tensor z = logits_at(model, Mode::kTrain);
  CHECK(caddie::same_bits(z, logits_at(model, Mode::kTrain, first)));
  CHECK_FALSE(caddie::same_bits(z, logits_at(model, Mode::kTrain, later)));
  CHECK_FALSE(caddie::same_bits(z, logits_at(model, Mode::kTrain, other)));
  double nats = train_pass(model).sums.nats;
  CHECK(nats == train_pass(model).sums.nats);
  CHECK(nats != train_pass(model, other).sums.nats);
  e.model->draw_by(6);
  CHECK_FALSE(caddie::same_bits(z, logits_at(model, Mode::kTrain)));
  Experiment plain = long_model({});
  CHECK(caddie::same_bits(logits_at(model, Mode::kEvaluate), logits_at(*plain.model, Mode::kEvaluate)));
}

TEST_CASE("each place where a technique is called has numbers of its own", "[rng]") {
  Experiment e = small_experiment({"model.layers = 2", "techniques.named = {use = 'dropout'}"});
  ModelParts parts = e.model->parts();
  PluginEntry entry{PluginCard{}, Kind::kModifier, detail::sites_of<Draws>(), nullptr};
  auto object = std::make_shared<Draws>();
  for (const char* label : {"first", "second"})
    parts.add(Kind::kModifier,
              {.label = label, .plugin = "draws", .entry = &entry, .layers = {}, .object = object});
  Model model(e.model_settings, 12, parts, Device::kCpu);
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  model.logits(place_ids(tape, long_batch().inputs.data(), 0, 12), Mode::kTrain, Progress());
  CHECK(object->seen.size() ==
        2 * (1 + 2 * 2 * 2) * 2);  // labels, sites in layers, sublayers and layers, keys
  std::set<std::vector<uint32_t>> different;
  for (const RandomWords& words : object->seen) different.insert({words.word, words.word + 4});
  CHECK(different.size() == object->seen.size());
}

TEST_CASE("steps report each term beside the loss, which it does not change", "[objectives]") {
  ThreadedTraining plain({}),
      with({"techniques.multi_token_prediction = {heads = 2}", "techniques.label_smoothing = {}"});
  StepReport one = plain.step(0), other = with.step(0);
  CHECK(one.terms.empty());
  REQUIRE(other.terms.size() == 2);
  CHECK(other.terms[0].first == "label_smoothing");
  CHECK(other.terms[1].first == "multi_token_prediction");
  CHECK(other.terms[1].second == Approx(0.2 * std::log(31.0)).epsilon(1e-5));
  CHECK(other.loss == one.loss);
}

TEST_CASE("trainings with random numbers and terms have the same bits on any number of threads, and resumed",
          "[rng]") {
  int threads = thread_count();
  TemporaryFolder folder;
  std::vector<std::vector<Tensor>> results;
  for (int count : {1, 3}) {
    set_thread_count(count);
    ThreadedTraining training(kTrainingOnly), resumed(kTrainingOnly);
    for (int i = 0; i < 2; ++i) training.step(i);
    save_checkpoint(folder / "checkpoint", [&](Archive& archive) { training.trainer.state(archive); });
    load_checkpoint(folder / "checkpoint", Device::kCpu,
                    [&](Archive& archive) { resumed.trainer.state(archive); });
    for (int i = 2; i < 4; ++i) CHECK(training.step(i).terms == resumed.step(i).terms);
    results.push_back(training.weights());
    CHECK(same_bits(results.back(), resumed.weights()));
  }
  set_thread_count(threads);
  CHECK(same_bits(results[0], results[1]));
}

TEST_CASE("ranks report the mean of each term, and train to the same weights", "[ranks]") {
  int threads = thread_count();
  set_thread_count(1);  // Each rank is a thread of its own here.
  std::vector<std::string> terms(kTrainingOnly.begin() + 1, kTrainingOnly.end());
  ThreadedTraining alone(terms);
  std::vector<std::unique_ptr<Comm>> comms = make_thread_comms(2);
  std::vector<Experiment> ranks;
  for (int rank = 0; rank < 2; ++rank) ranks.push_back(small_experiment(terms));
  StepReport reports[2];
  auto train = [&](size_t rank) {
    Experiment& e = ranks[rank];
    e.model->initialize(e.only<Initializer>(), 1);
    Trainer trainer(*e.model, e.optimizers, e.only<Schedule>(), e.train, e.budget, comms[rank].get());
    Batch half = ThreadedTraining::rows(0, 3 * int64_t(rank), 3);
    reports[rank] = trainer.step({&half, 1});
  };
  std::thread other(train, 1);
  train(0);
  other.join();
  set_thread_count(threads);
  StepReport whole = alone.step(0);
  CHECK(reports[0].terms == reports[1].terms);
  for (size_t i = 0; i < 3; ++i)
    CHECK(reports[0].terms[i].second == Approx(whole.terms[i].second).epsilon(1e-9));
  CHECK(same_bits(ranks[0].model->weights().values(), ranks[1].model->weights().values()));
}

TEST_CASE("weights for training only are trained and kept, and in no artifact", "[export]") {
  Experiment plain = small_experiment({}),
             e = small_experiment({"techniques.multi_token_prediction = {heads = 2}"});
  const WeightTable& weights = e.model->weights();
  CHECK(weights.training_only_parameters() == 2 * 31 * 64);
  CHECK(weights.parameters() - 2 * 31 * 64 == plain.model->weights().parameters());
  CHECK(weights.shares().at("multi_token_prediction").training_only == 2 * 31 * 64);
  fill_by_name(*plain.model);
  fill_by_name(*e.model);
  StatusLine status(true);
  auto file = [&](Experiment& of) {
    QuantizedModel made =
        quantize_model(of.export_parts, *of.model, of.model->weights().values(), nullptr, 1, status);
    return write_artifact(of.export_parts, of.model->weights().infos(), made.artifact, 1 << 30, 0, status)
        .bytes;
  };
  std::string bytes = file(e);
  CHECK(bytes == file(plain));
  CHECK(estimate_size(weights.infos(), e.export_parts.packers()).grown ==
        estimate_size(plain.model->weights().infos(), plain.export_parts.packers()).grown);
  std::vector<Tensor> back = read_artifact(bytes, e.export_parts, *e.model);
  int head = weights.find("mtp_heads.0.weight");
  CHECK_FALSE(back[size_t(head)].defined());
  CHECK(back[size_t(weights.find("tok_emb.weight"))].defined());

  std::vector<Leaf> leaves = leaves_of(back);
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  CHECK_NOTHROW(
      e.model->logits(place_ids(tape, long_batch().inputs.data(), 0, 12), Mode::kEvaluate, Progress()));
  CHECK_THROWS_WITH(tape.read(head), Catch::Contains("for training only"));
}

TEST_CASE("a file may lack what only training reads", "[training]") {
  TemporaryFolder folder;
  Experiment plain = small_experiment({}), e = small_experiment({"techniques.multi_token_prediction = {}"});
  fill_by_name(*plain.model);
  const WeightTable& weights = e.model->weights();
  write_weights(folder / "w", plain.model->weights(), plain.model->weights().values());
  std::vector<Tensor> values = read_weights(folder / "w", weights);
  CHECK_FALSE(values[size_t(weights.find("mtp_heads.0.weight"))].defined());
  CHECK(not_finite_in(values, weights).empty());
  write_weights(folder / "all", weights, weights.values());
  CHECK(read_weights(folder / "all", weights)[size_t(weights.find("mtp_heads.0.weight"))].defined());
}

TEST_CASE("what acts in training only is judged by the gradients of a training pass", "[effects]") {
  auto verdict = [](const std::string& technique, const std::string& settings) {
    Experiment e = long_model({"techniques." + technique + " = " + settings});
    Evidence evidence;
    evidence.trace.visited = {technique};
    evidence.probe = long_batch().inputs;
    std::vector<Tensor> weights(e.model->weights().values().begin(), e.model->weights().values().end());
    evidence.weights = weights;
    for (const EffectFinding& finding : judge_effects(e, evidence))
      if (finding.technique == technique) return finding;
    return EffectFinding();
  };
  for (const char* technique : {"dropout", "z_loss", "label_smoothing", "multi_token_prediction"}) {
    INFO(technique);
    CHECK(verdict(technique, "{}").reason == "");
  }
  EffectFinding idle = verdict("dropout", "{rate = 0.0}");
  CHECK(idle.verdict == Verdict::kVoid);
  CHECK_THAT(idle.reason, Catch::Contains("the gradients of a probe batch are the same"));
  CHECK(verdict("z_loss", "{coefficient = 0.0}").verdict == Verdict::kVoid);
}
