// SPDX-License-Identifier: Apache-2.0
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

void check_activation(const char* plugin, const Values& settings, const std::vector<double>& expected) {
  PluginHost host(plugin, settings);
  auto& activation = host.as<Activation>();
  auto op = [&] { return activation.apply(host.input(0)); };
  check_values(run(op, {tensor_of({5}, {-2, -0.5f, 0, 0.5f, 3})}), expected);
  for (int n : {1, 31, 33, 77}) check_gradients(op, {random_tensor({3, n}, "x")});
}

}  // namespace

TEST_CASE("relu_squared squares what is positive", "[activations]") {
  check_activation("relu_squared", {}, {0, 0, 0, 0.25, 9});
}

TEST_CASE("leaky_relu_squared squares both sides", "[activations]") {
  check_activation("leaky_relu_squared", {}, {1, 0.0625, 0, 0.25, 9});
  check_activation("leaky_relu_squared", {{"slope", "0.1"}}, {0.04, 0.0025, 0, 0.25, 9});
}
