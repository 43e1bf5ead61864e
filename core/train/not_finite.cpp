// SPDX-License-Identifier: Apache-2.0
// Ends a training whose numbers are not finite any more, and says who made the first one of them.
#include <algorithm>
#include <cmath>

#include "tensor/finite.h"
#include "train/trainer.h"

namespace caddie {

/// Returns who updates a weight: ", which 'all' updates"; "" where nobody does.
std::string Trainer::updater_of(int weight) const {
  for (const Routed& optimizer : optimizers_)
    if (std::find(optimizer.weights.begin(), optimizer.weights.end(), weight) != optimizer.weights.end())
      return message(", which '{}' updates,", {optimizer.technique.label});
  return "";
}

/// Says where numbers first stop being finite on the way forward: in a weight, in what a view shows of it, or
/// in the output of a technique or part of the model; "" where all are finite.
std::string Trainer::first_not_finite(std::span<const Batch> batches) {
  const WeightTable& table = model_.weights();
  for (int i = 0; i < table.size(); ++i) {
    const WeightInfo& info = table.info(i);
    if (!is_finite(table.value(i)))
      return message("weight {} of '{}'{} is not finite", {info.name, info.owner, updater_of(i)});
    if (is_finite(views_.values()[size_t(i)])) continue;
    if (std::optional<Worker> view = views_.first_not_finite(i, progress_, Mode::kTrain))
      return message("what {} shows of weight {} is not finite", {text_of(*view), info.name});
  }
  return gradient_.first_not_finite(batches, views_.values(), progress_);
}

/// Says who passed back the first gradient that is not finite, a part of the model or a view; "" where all
/// are finite and only their sum is not.
std::string Trainer::first_gradient_not_finite(std::span<const Batch> batches) {
  std::string place = gradient_.first_gradient_not_finite(batches, views_.values(), progress_);
  if (!place.empty()) return place;
  gradient_.run(batches, views_.values(), progress_);
  std::optional<Worker> view =
      views_.first_gradient_not_finite(gradient_.gradients(), progress_, Mode::kTrain);
  return view ? text_of(*view) : "";
}

/// Throws Error saying where the trouble begins when the loss, or what an objective adds to it, is not
/// finite.
void Trainer::check_loss(const StepReport& report, std::span<const Batch> batches) {
  if (!std::isfinite(report.loss)) {
    std::string place = first_not_finite(batches);
    fail("step {}: the loss is {}: {}; lower the learning rates or clip the gradient", progress_.step,
         report.loss,
         place.empty() ? "every output of the forward passes is finite, so the loss itself is too large"
                       : place);
  }
  for (const auto& [label, term] : report.terms)
    check(std::isfinite(term), "step {}: '{}' adds {} to the loss; lower its weight or the learning rates",
          progress_.step, label, term);
}

/// Throws Error naming the first weight whose gradient holds a number that is not finite, and where the
/// trouble begins: on the way forward, although the loss does not show it, or on the way back.
void Trainer::check_gradients(std::span<const double> squares, std::span<const Batch> batches) {
  auto first = std::find_if(squares.begin(), squares.end(), [](double s) { return !std::isfinite(s); });
  if (first == squares.end()) return;
  const WeightInfo& info = model_.weights().info(int(first - squares.begin()));
  std::string place = first_not_finite(batches);
  if (place.empty() && !(place = first_gradient_not_finite(batches)).empty())
    place = "the first such gradient comes from " + place;
  fail("step {}: the gradient of {} of '{}' is not finite{}{}; lower the learning rates", progress_.step,
       info.name, info.owner, place.empty() ? "" : ": ", place);
}

/// Throws Error naming the first output of the forward passes that holds a number that is not finite,
/// although the loss may not show it.
void Trainer::check_outputs(std::span<const Batch> batches) {
  std::string place = first_not_finite(batches);
  check(place.empty(), "step {}: {}; --check-finite asks for this", progress_.step, place);
}

/// Throws Error, which is the optimizer's as long as it counts as at work, naming the first weight that it
/// has made one that is not finite.
void Trainer::check_updated(std::span<const Weight> weights) const {
  for (const Weight& weight : weights)
    check(is_finite(weight.value), "it makes {} one that is not finite; --check-finite asks for this",
          weight.info->name);
}

/// Throws Error, which is the averager's as long as it counts as at work, naming the first weight whose
/// average is not finite.
void Trainer::check_average(const Averager& averager) const {
  std::span<const Tensor> average = averager.average();
  for (size_t i = 0; i < std::min(average.size(), size_t(model_.weights().size())); ++i)
    check(!average[i].defined() || is_finite(average[i]),
          "its average of {} is not finite; --check-finite asks for this",
          model_.weights().info(int(i)).name);
}

}  // namespace caddie
