// SPDX-License-Identifier: Apache-2.0
// Compares gradients with central differences. At each site that a technique acts at, a random adjoint is
// given to what leaves the site; the slope along a random direction of the weights before it must be that
// which differences of the forward pass give. Sites are looked at in the order of the pass, so the first one
// that differs is where the wrong gradient comes from.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "laws/looks.h"
#include "laws/plain_parts.h"
#include "laws/samples.h"
#include "model/views.h"

namespace caddie {
namespace {

// Differences over long steps miss curvature, and over short ones they drown in the rounding of float32: a
// slope is right when it agrees with one of these, and wrong when two of them agree with each other instead.
// Steps are shares of a weight's size.
constexpr double kStepSizes[] = {1e-2, 3e-3, 1e-3, 3e-4, 1e-4};
constexpr double kTolerance = 0.03;  // how far slopes may differ, as a share of their usual size
constexpr double kRounding = 1e-6;   // the relative error of a value behind all layers
constexpr double kDeviation = 0.1;   // that of the random weights

/// Is a value at a site and its sum under a random adjoint.
struct Weighed {
  std::string place;
  double sum = 0, size = 0;  // the sum of adjoint times value, and the norm of these products
};

/// Weighs a tensor under an adjoint that depends on its number alone.
Weighed weighed(const std::string& place, const Tensor& value, const Tensor& adjoint) {
  Weighed all{place, 0, 0};
  for (int64_t i = 0; i < value.numel(); ++i) {
    double product = double(value.data()[i]) * double(adjoint.data()[i]);
    all.sum += product;
    all.size += product * product;
  }
  all.size = std::sqrt(all.size);
  return all;
}

Tensor adjoint_of(size_t number, size_t which, const Shape& shape) {
  return random_tensor(shape, message("adjoint {} {}", {number, which}).c_str());
}

/// Is what gradients are asked of: numbers that depend on weights, and their slopes.
class Differentiable {
 public:
  virtual ~Differentiable() = default;
  /// Returns all numbers, in an order that is always the same.
  virtual std::vector<Weighed> values() = 0;
  /// Returns the gradient of one of them for each weight; undefined ones stand for zero.
  virtual std::vector<Tensor> gradient(size_t number) = 0;
};

/// Weighs what leaves the sites of a model in a training pass.
class SitesOfModel final : public Differentiable, public SiteListener {
 public:
  SitesOfModel(Experiment& experiment, std::function<bool(const SitePlace&)> wanted)
      : model_(*experiment.model), wanted_(std::move(wanted)), listening_(experiment, *this) {}

  std::vector<Weighed> values() override {
    all_.clear();
    std::vector<Leaf> leaves = leaves_of(model_.weights().values());
    run(leaves, -1);
    return all_;
  }
  std::vector<Tensor> gradient(size_t number) override {
    all_.clear();
    std::vector<Tensor> gradients;
    std::vector<Leaf> leaves;
    for (const Tensor& value : model_.weights().values()) {
      gradients.emplace_back(value.shape());
      leaves.push_back({value, gradients.back().data(), false, nullptr});
    }
    run(leaves, int64_t(number));
    for (size_t i = 0; i < leaves.size(); ++i)
      if (!leaves[i].summed) gradients[i] = Tensor();
    return gradients;
  }
  void see(const SitePlace& place, std::span<const Var> values) override {
    if (!wanted_(place)) return;
    size_t number = all_.size();
    Weighed sum{caddie::text_of(place), 0, 0};
    for (size_t i = 0; i < values.size(); ++i) {
      std::vector<Tensor>& adjoints = adjoints_[number];
      if (adjoints.size() <= i) adjoints.push_back(adjoint_of(number, i, values[i].shape()));
      Weighed one = weighed(sum.place, values[i].value(), adjoints[i]);
      sum.sum += one.sum;
      sum.size = std::hypot(sum.size, one.size);
    }
    all_.push_back(sum);
    if (int64_t(number) == backward_from_) outputs_.assign(values.begin(), values.end());
  }

 private:
  /// Runs a pass, and one backwards from the value of that number unless it is -1.
  void run(std::vector<Leaf>& leaves, int64_t number) {
    const Batch batch = sample_batch(5);
    backward_from_ = number;
    outputs_.clear();
    Tape& tape = thread_tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(leaves, number >= 0);
    Ids ids = place_ids(tape, batch.inputs.data(), batch.rows, batch.length);
    model_.logits(ids, Mode::kTrain, Progress());
    if (number < 0) return;
    std::vector<Var> outputs;
    std::vector<Tensor> adjoints;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      if (!outputs_[i].needs_grad()) continue;
      outputs.push_back(outputs_[i]);
      adjoints.push_back(adjoints_[size_t(number)][i]);
    }
    if (!outputs.empty()) tape.backward(outputs, adjoints);
    tape.start({}, false);
  }

  Model& model_;
  std::function<bool(const SitePlace&)> wanted_;
  Listening listening_;
  std::vector<Weighed> all_;
  std::map<size_t, std::vector<Tensor>> adjoints_;
  std::vector<Var> outputs_;
  int64_t backward_from_ = -1;
};

/// Weighs the loss of a training pass with the terms of objectives.
class LossOfModel final : public Differentiable {
 public:
  explicit LossOfModel(Model& model) : model_(model) {}
  std::vector<Weighed> values() override {
    gradient(0);
    double sum = sums_.nats;
    for (double term : sums_.terms) sum += term;
    return {{"the loss with its term", sum, std::abs(sum)}};
  }
  std::vector<Tensor> gradient(size_t) override {
    const Batch batch = sample_batch(5);
    std::vector<Tensor> gradients;
    std::vector<Leaf> leaves;
    for (const Tensor& value : model_.weights().values()) {
      gradients.emplace_back(value.shape());
      leaves.push_back({value, gradients.back().data(), false, nullptr});
    }
    Tape& tape = thread_tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(leaves, true);
    Ids inputs = place_ids(tape, batch.inputs.data(), batch.rows, batch.length);
    Ids targets = place_ids(tape, batch.targets.data(), batch.rows, batch.length);
    sums_ = model_.add_gradients(inputs, targets, Mode::kTrain, TrainingPass(), 1);
    tape.start({}, false);
    return gradients;
  }

 private:
  Model& model_;
  LossSums sums_;
};

/// Weighs what a view shows in training.
class ViewsOfModel final : public Differentiable {
 public:
  explicit ViewsOfModel(Model& model) : views_(model) {}
  std::vector<Weighed> values() override {
    views_.refresh(Progress(), Mode::kTrain, false);
    Weighed sum{"what it shows of the weights", 0, 0};
    for (size_t i = 0; i < views_.values().size(); ++i) {
      Weighed one = weighed("", views_.values()[i], adjoint_of(0, i, views_.values()[i].shape()));
      sum.sum += one.sum;
      sum.size = std::hypot(sum.size, one.size);
    }
    return {sum};
  }
  std::vector<Tensor> gradient(size_t) override {
    views_.refresh(Progress(), Mode::kTrain, true);
    std::vector<Tensor> gradients;
    for (size_t i = 0; i < views_.values().size(); ++i)
      gradients.push_back(adjoint_of(0, i, views_.values()[i].shape()));
    views_.pull(gradients);
    return gradients;
  }
  /// Tells whether weights that differ are shown alike, as on a grid.
  bool rounds() {
    views_.refresh(Progress(), Mode::kTrain, false);
    for (size_t w = 0; w < views_.values().size(); ++w) {
      const Tensor& seen = views_.values()[w];
      int64_t n = seen.shape().last();
      std::vector<float> row(seen.data(), seen.data() + n);
      std::sort(row.begin(), row.end());
      if (n >= 16 && double(std::unique(row.begin(), row.end()) - row.begin()) < 0.9 * double(n)) return true;
    }
    return false;
  }

 private:
  ViewedWeights views_;
};

/// Is a direction in which some weights are moved.
struct Direction {
  std::string text;
  std::vector<Tensor> along;  // for each weight, in units of its size; undefined where it stays
};

std::vector<Direction> directions_of(const Model& model, const std::string& owner) {
  std::vector<std::vector<bool>> groups(2, std::vector<bool>(size_t(model.weights().size())));
  for (int i = 0; i < model.weights().size(); ++i)
    groups[model.weights().info(i).owner == owner][size_t(i)] = true;
  std::vector<Direction> all;
  for (int own = 0; own < 2; ++own)
    for (int draw = 0; draw < 3; ++draw) {
      Direction direction{own ? "weights of its own" : "the weights of the model", {}};
      int members = 0;
      for (int i = 0; i < model.weights().size(); ++i) {
        const WeightInfo& info = model.weights().info(i);
        bool moves = groups[size_t(own)][size_t(i)];
        members += moves;
        std::string stream = message("direction {} {}", {draw, info.name});
        direction.along.push_back(moves ? random_tensor(info.shape, stream.c_str(), kDeviation) : Tensor());
      }
      if (members > 0) all.push_back(std::move(direction));
    }
  return all;
}

void move(Model& model, std::span<const Tensor> from, const Direction& direction, double step) {
  for (size_t i = 0; i < from.size(); ++i) {
    if (!direction.along[i].defined()) continue;
    float* to = model.weights().value(int(i)).data();
    for (int64_t k = 0; k < from[i].numel(); ++k)
      to[k] = float(double(from[i].data()[k]) + step * double(direction.along[i].data()[k]));
  }
}

/// Holds the numbers a step forward and a step back along a direction.
struct Difference {
  std::vector<Weighed> high, low;
  double slope(size_t number, double step) const { return (high[number].sum - low[number].sum) / (2 * step); }
};

/// Returns the slope that a gradient gives along a direction, and how large such slopes are.
struct Slope {
  double value = 0, size = 0;
};
Slope slope_of(std::span<const Tensor> gradient, const Direction& direction) {
  Slope slope;
  for (size_t i = 0; i < gradient.size(); ++i) {
    if (!gradient[i].defined() || !direction.along[i].defined()) continue;
    for (int64_t k = 0; k < gradient[i].numel(); ++k)
      slope.value += double(gradient[i].data()[k]) * double(direction.along[i].data()[k]);
    slope.size += squared_norm(gradient[i]) * kDeviation * kDeviation;
  }
  slope.size = std::sqrt(slope.size);
  return slope;
}

/// Checks one slope against the differences of all steps: one of them must give it, unless they settle
/// nowhere. Returns 1 where one does, -1 where they settle nowhere, and 0 where they are too rough to say.
int hold_slope(const Slope& slope, std::span<const Difference> differences, size_t number,
               const Direction& direction) {
  double before = NAN, settled = NAN;
  for (size_t s = 0; s < std::size(kStepSizes); ++s) {
    double expected = differences[s].slope(number, kStepSizes[s]);
    double size = std::max({slope.size, std::abs(expected), 1e-30});
    // A value that hardly depends on these weights says nothing, for its rounding is larger than its slope.
    if (kRounding * differences[s].high[number].size / kStepSizes[s] > kTolerance * size) continue;
    if (std::abs(slope.value - expected) <= kTolerance * size) return 1;
    if (std::abs(expected - before) <= kTolerance * size) settled = expected;
    before = expected;
  }
  hold(std::isnan(settled), "the gradient is wrong in {}: along {} its slope is {}, and differences give {}",
       differences[0].high[number].place, direction.text, fmt::format("{:.4g}", slope.value),
       fmt::format("{:.4g}", settled));
  return std::isnan(before) ? 0 : -1;
}

void look_at_slopes(Model& model, const std::string& owner, Differentiable& of) {
  std::vector<Tensor> weights = clones(model.weights().values());
  std::vector<Direction> directions = directions_of(model, owner);
  std::vector<std::vector<Difference>> differences;
  for (const Direction& direction : directions) {
    std::vector<Difference>& by_step = differences.emplace_back();
    for (double step : kStepSizes) {
      Difference& one = by_step.emplace_back();
      move(model, weights, direction, step);
      one.high = of.values();
      move(model, weights, direction, -step);
      one.low = of.values();
    }
    move(model, weights, direction, 0);
  }
  size_t count = of.values().size();
  int agreeing = 0;  // less those that settle nowhere
  for (size_t number = 0; number < count; ++number) {
    std::vector<Tensor> gradient = of.gradient(number);
    for (size_t d = 0; d < directions.size(); ++d)
      agreeing += hold_slope(slope_of(gradient, directions[d]), differences[d], number, directions[d]);
  }
  if (agreeing < 0)
    throw DoesNotApply{
        "differences over shorter and shorter steps settle nowhere, as where numbers are rounded"};
}

/// Tells whether what leaves a place is looked at.
bool is_looked_at(const Subject& subject, const SitePlace& place) {
  if (place.site == Site::kLogits) return true;
  if (subject.kind() == Kind::kModifier) return subject.entry().sites & bit_of(place.site);
  return place.site == Site::kEmbedded || place.site == Site::kBranch || place.site == Site::kLeave;
}

}  // namespace

void look_at_gradients(const Subject& subject) {
  Experiment experiment = subject.experiment();
  Model& model = *experiment.model;
  fill_by_name(model, kDeviation);
  if (subject.kind() == Kind::kView) {
    ViewsOfModel views(model);
    if (views.rounds())
      throw DoesNotApply{"weights that differ look alike in it, and a step has no slope to compare with"};
    look_at_slopes(model, subject.name(), views);
  } else if (subject.kind() == Kind::kObjective) {
    LossOfModel loss(model);
    look_at_slopes(model, subject.name(), loss);
  } else {
    SitesOfModel sites(experiment, [&](const SitePlace& place) { return is_looked_at(subject, place); });
    look_at_slopes(model, subject.name(), sites);
  }
}

}  // namespace caddie
