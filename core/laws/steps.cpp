// SPDX-License-Identifier: Apache-2.0
// Looks at what acts between forward passes: initial values, optimizers, learning rates, averages.
#include <cmath>

#include <caddie/random.h>

#include "laws/looks.h"
#include "laws/samples.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

/// Holds weights that are pulled towards zero: the gradient is the weight itself.
struct Bowl {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;

  explicit Bowl(const std::vector<Shape>& shapes) {
    for (const Shape& shape : shapes) {
      infos.push_back(weight_info("w" + std::to_string(infos.size()), shape));
      values.push_back(random_tensor(shape, "start"));
    }
  }
  std::vector<Weight> weights() const {
    std::vector<Weight> all;
    for (size_t i = 0; i < values.size(); ++i) all.push_back({&infos[i], values[i], clone(values[i])});
    return all;
  }
  double height() const {
    double sum = 0;
    for (const Tensor& value : values) sum += squared_norm(value);
    return sum;
  }
};

const std::vector<Shape> kMatrices = {{32, 16}, {16, 33}};

void take_step(Optimizer& optimizer, Bowl& bowl, int64_t step, std::span<const double> factors = {}) {
  std::vector<Weight> weights = bowl.weights();
  for (size_t i = 0; i < factors.size(); ++i) weights[i].lr_factor = factors[i];
  optimizer.step(weights, {.step = step, .steps = 60});
}

/// Returns the weights behind three steps at a rate, with a factor for each weight.
std::vector<Tensor> moved(const Subject& subject, double rate, std::vector<double> factors) {
  std::vector<std::string> settings = {message("lr = {}", {rate})};
  if (subject.has_setting("weight_decay")) settings.emplace_back("weight_decay = 0.5");
  auto optimizer = subject.make<Optimizer>(settings);
  Bowl bowl(kMatrices);
  for (int step = 0; step < 3; ++step) take_step(*optimizer, bowl, step, factors);
  return bowl.values;
}

constexpr int kAveraged = 600;  // steps

Progress averaged_at(int64_t step) {
  return {.step = step, .steps = kAveraged, .lr_scale = 1 - double(step) / kAveraged};
}

/// Moves one number of each weight.
void nudge(Bowl& bowl, int64_t step) {
  for (Tensor& value : bowl.values) value.data()[step % value.numel()] += 0.1f;
}

}  // namespace

void look_at_initial_values(const Subject& subject) {
  ModelShape model{.vocabulary = 31, .layers = 3, .width = 77};
  auto filled = [&](const Shape& shape, Place place, const char* stream) {
    WeightInfo info = weight_info("w", shape);
    info.place = place;
    Tensor weight = random_tensor(shape, "what was there before");
    Rng rng(7, stream);
    subject.make<Initializer>()->fill(weight, info, model, rng);
    hold(weight.shape() == shape, "it makes a {} of a weight of shape {}", weight.shape(), shape);
    hold_finite(weight, "what a weight of shape " + shape.text() + " begins with");
    return weight;
  };
  bool varies = false;  // places that start at zero do not
  for (const Shape& shape : {Shape{1, 1}, Shape{33, 77}, Shape{96, 64}})
    for (int place = 0; place <= int(Place::kHead); ++place)
      varies |= !same_bits(filled(shape, Place(place), "one"), filled(shape, Place(place), "other"));
  hold(varies, "all matrices are the same for two streams of random numbers");
}

void look_at_descent(const Subject& subject) {
  Bowl bowl(kMatrices);
  auto optimizer = subject.make<Optimizer>();
  double start = bowl.height();
  for (int step = 0; step < 20; ++step) {
    take_step(*optimizer, bowl, step);
    for (const Tensor& value : bowl.values)
      hold_finite(value, message("what step {} on a quadratic leaves", {step}));
  }
  hold(bowl.height() < start, "20 steps on a quadratic take it from {} to {}; it must fall", start,
       bowl.height());
}

void look_at_optimizer_state(const Subject& subject) {
  constexpr int kSteps = 45;
  for (int cut : {1, 7, 20, 38}) {
    Bowl straight(kMatrices), resumed(kMatrices);
    auto one = subject.make<Optimizer>(), other = subject.make<Optimizer>();
    for (int step = 0; step < cut; ++step) take_step(*one, straight, step);
    MemoryArchive archive;
    archive.save(*one);
    archive.load(*other);
    resumed.values = clones(straight.values);
    for (int step = cut; step < kSteps; ++step) {
      take_step(*one, straight, step);
      take_step(*other, resumed, step);
      hold(
          same_bits(straight.values, resumed.values),
          "resumed behind step {} it takes another step {}; state() must name every member that steps change",
          cut, step);
    }
  }
}

void look_at_rates(const Subject& subject) {
  if (!subject.has_setting("lr")) throw DoesNotApply{"it has no setting called lr"};
  std::vector<Tensor> start = Bowl(kMatrices).values;
  // Powers of two leave no rounding.
  std::vector<Tensor> slow = moved(subject, 0.0625, {1, 1}), half = moved(subject, 0.125, {0.5, 0.5}),
                      mixed = moved(subject, 0.125, {0, 0.5});
  const char* rule = "its rate must be lr times progress.lr_scale times the weight's lr_factor";
  hold(same_bits(slow, half), "lr_factor 0.5 is not half the rate; {}", rule);
  hold(same_bits(mixed[0], start[0]), "lr_factor 0 moves a weight; {}", rule);
  hold(same_bits(mixed[1], half[1]), "the lr_factor of one weight changes another one; {}", rule);
}

void look_at_rate_factor(const Subject& subject) {
  ModelShape model{.vocabulary = 31, .layers = 4, .width = 77};
  model.executions = model.matrices = model.layers;
  auto rate = subject.make<RateFactor>();
  WeightInfo info = weight_info("w", {2, 2});
  const WeightInfo* claimed[] = {&info};
  rate->validate({model, claimed});
  for (info.layer = -1; info.layer < model.layers; ++info.layer)
    for (Progress at{.steps = 10}; at.step < 10; ++at.step) {
      double factor = rate->factor(info, model, at);
      hold(std::isfinite(factor) && factor >= 0, "its factor is {} in layer {} at step {} of 10", factor,
           info.layer, at.step);
    }
}

void look_at_schedule(const Subject& subject) {
  for (double budget : {0.0, 100.0}) {
    auto schedule = subject.make<Schedule>();
    Progress at{.steps = budget > 0 ? 20000 : 2000, .budget_seconds = budget};
    double largest = 0;
    for (; at.step < 2000; ++at.step, at.seconds += 0.05) {
      double scale = schedule->scale(at);
      hold(std::isfinite(scale) && scale >= 0, "its scale is {} at step {} of {}, {} of {} s", scale, at.step,
           at.steps, at.seconds, budget);
      largest = std::max(largest, scale);
    }
    hold(largest > 0, "its scale is 0 at each of {} steps", at.step);
  }
}

void look_at_average(const Subject& subject) {
  const std::vector<Shape> shapes = {{3, 5}, {7}};
  Bowl constant(shapes);
  auto averager = subject.make<Averager>();
  for (int step = 0; step <= kAveraged; ++step) {
    averager->update(constant.weights(), averaged_at(step));
    std::span<const Tensor> average = averager->average();
    if (average.empty()) continue;
    hold(average.size() == shapes.size(), "its average has {} weights; wanted {}", average.size(),
         shapes.size());
    for (size_t i = 0; i < shapes.size(); ++i) {
      hold(average[i].shape() == shapes[i], "its average of a weight of shape {} has shape {}", shapes[i],
           average[i].shape());
      // The rounding of the average adds up over the steps.
      double error = relative_error(average[i], constant.values[i]);
      hold(error < 1e-5, "of weights that stay the same it makes an average {} away behind step {}", error,
           step);
    }
  }
  hold(!averager->average().empty(), "it has no average behind {} steps", kAveraged);
}

void look_at_averager_state(const Subject& subject) {
  for (int cut : {1, 2, 50, 299, 480, 575, 591, 597, 600}) {
    Bowl moving({{3, 5}, {7}});
    auto one = subject.make<Averager>(), other = subject.make<Averager>();
    for (int step = 0; step <= kAveraged; ++step) {
      nudge(moving, step);
      one->update(moving.weights(), averaged_at(step));
      if (step > cut) other->update(moving.weights(), averaged_at(step));
      if (step == cut) {
        MemoryArchive archive;
        archive.save(*one);
        archive.load(*other);
      }
      hold(step < cut || same_bits(one->average(), other->average()),
           "resumed behind step {} of {} it has another average behind step {}; state() must name every "
           "member that update() changes",
           cut, kAveraged, step);
    }
  }
}

std::string output_of_steps(const Subject& subject) {
  Output output;
  Bowl bowl(kMatrices);
  if (subject.kind() == Kind::kInitializer) {
    Rng rng(7, "stream");
    subject.make<Initializer>()->fill(bowl.values[0], bowl.infos[0],
                                      {.vocabulary = 31, .layers = 3, .width = 77}, rng);
    output.add(bowl.values[0]);
  } else if (subject.kind() == Kind::kOptimizer) {
    auto optimizer = subject.make<Optimizer>();
    for (int step = 0; step < 5; ++step) take_step(*optimizer, bowl, step);
    for (const Tensor& value : bowl.values) output.add(value);
  } else if (subject.kind() == Kind::kSchedule) {
    auto schedule = subject.make<Schedule>();
    for (int64_t step = 0; step < kAveraged; ++step) output.add(schedule->scale(averaged_at(step)));
  } else if (subject.kind() == Kind::kRateFactor) {
    ModelShape model{.vocabulary = 31, .layers = 4, .width = 77, .matrices = 4, .executions = 4};
    for (int64_t step = 0; step < kAveraged; ++step)
      output.add(subject.make<RateFactor>()->factor(bowl.infos[0], model, averaged_at(step)));
  } else {
    auto averager = subject.make<Averager>();
    for (int64_t step = 0; step <= kAveraged; ++step) {
      nudge(bowl, step);
      averager->update(bowl.weights(), averaged_at(step));
    }
    for (const Tensor& average : averager->average()) output.add(average);
  }
  return output.bytes();
}

}  // namespace caddie
