// SPDX-License-Identifier: Apache-2.0
// Looks at short trainings of a small model: they move all weights, come out alike twice, and go on from what
// was saved as if they had never stopped.
#include <cmath>
#include <memory>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "laws/looks.h"
#include "laws/plain_parts.h"
#include "laws/samples.h"
#include "tensor/same_bits.h"
#include "train/trainer.h"

namespace caddie {
namespace {

constexpr int kTrained = 8;

/// Is a training of the experiment with the plugin, from its first step on.
class ShortTraining {
 public:
  explicit ShortTraining(const Subject& subject)
      : experiment_(subject.experiment({message("budget.steps = {}", {kTrained})})) {
    Model& model = *experiment_.model;
    model.draw_by(7);
    model.initialize(experiment_.only<Initializer>(), 7);
    initial = clones(model.weights().values());
    trainer_ = std::make_unique<Trainer>(model, experiment_.optimizers, experiment_.only<Schedule>(),
                                         experiment_.train, experiment_.budget);
    trainer_->multiply_rates_by(experiment_.rate_factors);
    if (experiment_.averager) trainer_->add_averager("main", experiment_.averager->as<Averager>());
  }
  /// Takes one step and returns its loss.
  double step() {
    const Batch batch = sample_batch(int(trainer_->progress().step));
    return trainer_->step({&batch, 1}).loss;
  }
  Model& model() { return *experiment_.model; }
  void state(Archive& archive) { trainer_->state(archive); }
  std::vector<Tensor> averaged() const { return trainer_->averaged_by("main"); }
  bool averages() const { return experiment_.averager.has_value(); }

  std::vector<Tensor> initial;

 private:
  Experiment experiment_;
  std::unique_ptr<Trainer> trainer_;
};

/// Checks that two trainings stand at the same weights and averages.
void hold_alike(ShortTraining& one, ShortTraining& other, const std::string& when) {
  for (int i = 0; i < one.model().weights().size(); ++i)
    hold(same_bits(one.model().weights().value(i), other.model().weights().value(i)),
         "{}: {} has other values", when, one.model().weights().info(i).name);
  if (one.averages()) hold(same_bits(one.averaged(), other.averaged()), "{}: the averages are others", when);
}

}  // namespace

void look_at_training(const Subject& subject) {
  ShortTraining one(subject), other(subject);
  for (int step = 0; step < kTrained; ++step) {
    double loss = one.step(), again = other.step();
    hold(std::isfinite(loss), "the loss of step {} is {}", step, loss);
    hold(loss == again, "two trainings from one seed have other losses in step {}: {} and {}", step, loss,
         again);
  }
  hold_alike(one, other, "after two trainings from one seed");
  hold_for_weights(one.model(), message("does not move within {} steps", {kTrained}).c_str(),
                   [&](int i) { return !same_bits(one.model().weights().value(i), one.initial[size_t(i)]); });
}

void look_at_resumed_training(const Subject& subject) {
  for (int cut : {1, 5}) {
    ShortTraining straight(subject), resumed(subject);
    for (int step = 0; step < cut; ++step) straight.step();
    MemoryArchive archive;
    archive.save(straight);
    archive.load(resumed);
    for (int step = cut; step < kTrained; ++step) {
      std::string when = message("a training that is resumed behind step {} differs in step {}", {cut, step});
      double loss = straight.step(), again = resumed.step();
      hold(loss == again,
           "{}: its loss is {} and not {}; state() must name every member that training changes", when, again,
           loss);
      hold_alike(straight, resumed, when);
    }
  }
}

std::string output_of_training(const Subject& subject) {
  ShortTraining training(subject);
  Output output;
  for (int step = 0; step < 2; ++step) output.add(training.step());
  for (const Tensor& weight : training.model().weights().values()) output.add(weight);
  const Batch batch = sample_batch(9);
  std::vector<Leaf> leaves = leaves_of(training.model().weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids tokens = place_ids(tape, batch.inputs.data(), batch.rows, batch.length);
  output.add(training.model().logits(tokens, Mode::kEvaluate, Progress()).value());
  return output.bytes();
}

}  // namespace caddie
