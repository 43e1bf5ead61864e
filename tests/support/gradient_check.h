// SPDX-License-Identifier: Apache-2.0
// Compares gradients with central differences under a random adjoint: an all-ones adjoint hides missing
// factors.
#pragma once

#include <caddie/random.h>
#include <caddie/var.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "autograd/tape.h"
#include "laws/samples.h"

namespace caddie::testing {

/// Runs `op` on values of the given inputs; element i of the vector is the value of Parameter{i}.
inline Tensor run(const std::function<Var()>& op, const std::vector<Tensor>& inputs) {
  Tape tape(Device::kCpu);
  std::vector<Leaf> leaves;
  for (const Tensor& input : inputs) leaves.push_back({input, nullptr, false});
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  return clone(op().value());
}

/// Checks d(sum(adjoint * op)) / d(inputs) at up to `samples` elements of each input. `step` is the half
/// width of the difference; the tolerance is relative to the largest gradient of that input.
inline void check_gradients(const std::function<Var()>& op, std::vector<Tensor> inputs,
                            double tolerance = 2e-3, double step = 1e-2, int samples = 12) {
  Tape tape(Device::kCpu);
  std::vector<Tensor> gradients;
  std::vector<Leaf> leaves;
  for (const Tensor& input : inputs) gradients.emplace_back(input.shape());
  for (size_t i = 0; i < inputs.size(); ++i) leaves.push_back({inputs[i], gradients[i].data(), false});
  Tensor adjoint;
  {
    Tape::Scope scope(tape);
    tape.start(leaves, true);
    Var y = op();
    adjoint = random_tensor(y.shape(), "adjoint");
    REQUIRE(y.needs_grad());
    std::vector<Var> outputs = {y};
    std::vector<Tensor> seeds = {adjoint};
    tape.backward(outputs, seeds);
  }
  auto objective = [&] {
    Tensor y = run(op, inputs);
    double sum = 0;
    for (int64_t i = 0; i < y.numel(); ++i) sum += double(y.data()[i]) * double(adjoint.data()[i]);
    return sum;
  };
  Rng rng(11, "elements");
  for (size_t which = 0; which < inputs.size(); ++which) {
    Tensor &x = inputs[which], &dx = gradients[which];
    double largest = 1e-2;  // below it, rounding of the objective decides
    for (int64_t i = 0; i < dx.numel(); ++i) largest = std::max(largest, std::abs(double(dx.data()[i])));
    for (int s = 0; s < samples && x.numel() > 0; ++s) {
      auto i = int64_t(rng.below(uint64_t(x.numel())));
      float kept = x.data()[i];
      x.data()[i] = float(kept + step);
      double high = objective(), x_high = x.data()[i];
      x.data()[i] = float(kept - step);
      double low = objective(), x_low = x.data()[i];
      x.data()[i] = kept;
      double expected = (high - low) / (x_high - x_low);
      INFO("input " << which << " element " << i << ": tape " << dx.data()[i] << ", differences "
                    << expected);
      CHECK(std::abs(double(dx.data()[i]) - expected) <= tolerance * largest);
    }
  }
}

}  // namespace caddie::testing
