// SPDX-License-Identifier: Apache-2.0
// Norms in front of output projections: values worked out by hand, gradients, and a model whose sublayers no
// longer know how large their hidden values are.
#include "autograd/thread_tape.h"
#include "experiment/drawing.h"
#include "laws/samples.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

const std::vector<int32_t> kNormedTokens = {1, 5, 9, 3, 1, 7, 2, 2, 10, 0, 1, 4};

/// What a site makes of its value, which is the plugin's first input.
std::function<Var()> normed_by(PluginHost& host, bool heads) {
  return [&host, heads] {
    TestForward forward({}, {});
    Block block{forward, 0, heads ? Part::kAttention : Part::kMlp, {}, {}, {}, {}};
    auto& modifier = host.as<Modifier>();
    return heads ? modifier.attended(block, host.input(0)) : modifier.activated(block, host.input(0));
  };
}

/// The logits of an evaluation; values and what goes up into the MLP are `scale` times as large as usual.
Tensor logits_at_scale(std::vector<std::string> changes, float scale) {
  changes.emplace_back("model.norm_eps = 1e-7");
  Experiment experiment = small_experiment(changes);
  fill_by_name(*experiment.model);
  WeightTable& weights = experiment.model->weights();
  for (int i = 0; i < weights.size(); ++i) {
    const std::string& name = weights.info(i).name;
    if (!name.ends_with("attn.c_v.weight") && !name.ends_with("mlp.fc.weight")) continue;
    const Tensor& w = weights.value(i);
    for (int64_t k = 0; k < w.numel(); ++k) w.data()[k] *= scale;
  }
  std::vector<Leaf> leaves = leaves_of(weights.values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = {kNormedTokens.data(), 1, 12};
  return clone(experiment.model->logits(ids, Mode::kEvaluate, Progress()).value());
}

}  // namespace

TEST_CASE("sub_ln gives all heads together, and hidden values, unit mean square", "[modifiers]") {
  PluginHost host("sub_ln");
  CHECK(host.infos().empty());
  // The squares have the mean (0.25 + 1 + 4 + 0.0625) / 4, whose root is 1.1524431.
  const std::vector<float> x = {0.5f, -1, 2, 0.25f};
  const std::vector<double> wanted = {0.4338609, -0.8677219, 1.7354437, 0.2169305};
  Tensor heads = run(normed_by(host, true), {tensor_of({1, 1, 2, 2}, x)});
  CHECK(heads.shape() == Shape{1, 1, 2, 2});
  check_values(heads, wanted);
  check_values(run(normed_by(host, false), {tensor_of({1, 1, 4}, x)}), wanted);
  check_gradients(normed_by(host, true), {random_tensor({2, 3, 4, 6}, "y")});
  check_gradients(normed_by(host, false), {random_tensor({2, 3, 33}, "x")});

  PluginHost wide("sub_ln", {{"eps", 3.0}});
  check_values(run(normed_by(wide, false), {tensor_of({1, 1, 2}, {1, -1})}), {0.5, -0.5});
}

TEST_CASE("with sub_ln sublayers no longer know how large their hidden values are", "[modifiers]") {
  std::vector<std::vector<std::string>> shapes = {{}};
  for (const std::string& mlp : plugins_of(Kind::kMlp)) shapes.push_back({"techniques." + mlp + " = {}"});
  for (std::vector<std::string> changes : shapes) {
    INFO((changes.empty() ? "plain MLP" : changes[0]));
    CHECK(relative_error(logits_at_scale(changes, 3), logits_at_scale(changes, 1)) > 0.01);
    changes.emplace_back("techniques.sub_ln = {}");
    CHECK(relative_error(logits_at_scale(changes, 3), logits_at_scale(changes, 1)) < 1e-4);
  }
}

TEST_CASE("norms in front of output projections are drawn where they act, behind all others", "[modifiers]") {
  std::string drawing = draw(small_experiment(
      {"techniques.sub_ln.layers = [1]", "techniques.xsa = {}", "techniques.gated_attention = {}"}));
  INFO(drawing);
  CHECK_THAT(drawing, Catch::Contains("<- xsa -> gated_attention -> sub_ln\n"));
  size_t first = drawing.find("u = relu_squared(h Wfc)  (hidden 128)"), layer = drawing.find("layer 1");
  CHECK(first < layer);
  size_t second = drawing.find("u = relu_squared(h Wfc)", layer);
  CHECK(drawing.substr(first, drawing.find('\n', first) - first).find("sub_ln") == std::string::npos);
  CHECK(drawing.substr(second, drawing.find('\n', second) - second).ends_with("<- sub_ln"));
}
