// SPDX-License-Identifier: Apache-2.0
// Gated MLPs: values worked out by hand, gradients, and what their gates add to a model.
#include "experiment/drawing.h"
#include "experiment/fit.h"
#include "run/memory.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// An MLP whose matrices are parameters, and whose activation doubles.
struct TestPass final : MlpPass {
  Parameter fc, proj;
  TestPass(Parameter in, Parameter out) : fc(in), proj(out) {}
  Var up(Var x) override { return linear(x, fc); }
  Var activate(Var x) override { return x * 2; }
  Var down(Var x) override { return linear(x, proj); }
};

constexpr ModelShape kTwoWide{.layers = 1, .width = 2, .hidden = 3};

/// The output for x, given Wfc and Wproj behind the gate of the plugin.
std::function<Var()> mlp_of(PluginHost& host) {
  return [&host] {
    TestPass pass(host.input(1), host.input(2));
    return host.as<Mlp>().mlp(pass, host.input(0));
  };
}

}  // namespace

TEST_CASE("gated MLPs multiply what goes up by the activation of their gate", "[plugins]") {
  // x Wgate^T = (1, -2, 0.5), x Wfc^T = (2, 3, 4); Wproj adds them up in its first row and takes the last one
  // in its second row.
  const std::vector<Tensor> inputs = {tensor_of({3, 2}, {1, 0, 0, -1, 0.5, 0}), tensor_of({1, 1, 2}, {1, 2}),
                                      tensor_of({3, 2}, {2, 0, 1, 1, 0, 2}),
                                      tensor_of({2, 3}, {1, 1, 1, 0, 0, 1})};
  auto check = [&](const char* name, const std::vector<double>& gate) {
    INFO(name);
    PluginHost host(name, {}, kTwoWide);
    CHECK(host.names() == std::vector<std::string>{"blocks.0.mlp.gate.weight"});
    check_values(run(mlp_of(host), inputs), {gate[0] * 2 + gate[1] * 3 + gate[2] * 4, gate[2] * 4});
  };
  check("glu", {2, -4, 1});                                      // twice the gate, by the pass above
  check("swiglu", {0.7310585786, -0.2384058440, 0.3112296656});  // z / (1 + e^-z)
  check("geglu", {0.8411919906, -0.0454023059, 0.3457140098});   // z/2 (1 + tanh(...)), computed in float64
}

TEST_CASE("gated MLPs have the right gradients", "[plugins]") {
  for (const std::string& name : plugins_of(Kind::kMlp)) {
    INFO(name);
    PluginHost host(name, {}, each_layer_once({.layers = 1, .width = 5, .hidden = 7}));
    check_gradients(mlp_of(host),
                    host.random_weights({random_tensor({2, 3, 5}, "x"), random_tensor({7, 5}, "fc"),
                                         random_tensor({5, 7}, "proj")}));
  }
}

TEST_CASE("an activation is asked where the MLP leaves it to the experiment, and else replaced",
          "[plugins]") {
  for (auto [name, replaces] :
       {std::pair("glu", false), std::pair("swiglu", true), std::pair("geglu", true)}) {
    INFO(name);
    Experiment experiment = small_experiment({std::string("techniques.") + name + " = {}"});
    for (const Experiment::Part& part : experiment.parts)
      CHECK(is_replaced(experiment, part) == (replaces && part.slot->kind == Kind::kActivation));
    std::string drawn = std::string(name) + (replaces ? "(h)  (hidden 128)" : "(h) with relu_squared");
    CHECK_THAT(draw(experiment), Catch::Contains(drawn));
  }
}

TEST_CASE("a gate adds its matrix to each layer that has matrices, and to the memory", "[plugins]") {
  Experiment plain = small_experiment({}), gated = small_experiment({"techniques.swiglu = {}"});
  int64_t more = gated.model->weights().parameters() - plain.model->weights().parameters();
  CHECK(more == 4 * 128 * 64);
  CHECK(usual_memory(gated) > usual_memory(plain) + 4 * more);
  // Two thirds of the hidden width, and the parameters are those of the plain MLP but for the rounding.
  Experiment narrow = small_experiment({"techniques.swiglu = {}", "model.mlp_mult = 1.328125"});
  CHECK(narrow.model->shape().hidden == 85);
  CHECK(plain.model->weights().parameters() - narrow.model->weights().parameters() == 4 * 64);
  Experiment looped =
      small_experiment({"techniques.swiglu = {}", "techniques.depth_recurrence.own_vectors = true"});
  CHECK(looped.model->weights().find("blocks.3.mlp.gate.weight") >= 0);
  CHECK(looped.model->weights().find("blocks.4.mlp.gate.weight") < 0);
  CHECK_THROWS_WITH(small_experiment({"techniques.swiglu = {}", "techniques.geglu = {}"}),
                    Catch::Contains("both choose the shape of the MLP; switch one off"));
}
