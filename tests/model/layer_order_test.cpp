// SPDX-License-Identifier: Apache-2.0
// Layers that run more than once, against deeper models with copies of them; and streams beside the residual
// one, scored whole and in part. What upstream's own code computes is in tests/parity.
#include <catch2/catch.hpp>

#include <cmath>
#include <regex>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "support/gradient_check.h"
#include "support/scored_losses.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

const std::vector<std::string> kAround = {"techniques.unet_skips = {}", "techniques.resid_mix = {}",
                                          "techniques.layer_scale = {}", "techniques.qk_norm = {}",
                                          "techniques.q_gain = {}"};

Experiment model_around(std::vector<std::string> changes) {
  changes.insert(changes.end(), kAround.begin(), kAround.end());
  Experiment experiment = small_experiment(changes);
  fill_by_name(*experiment.model);
  return experiment;
}

/// Two sequences of 12 tokens, their logits, and the gradients of the summed losses by all weights.
struct Pass {
  std::vector<float> logits;
  std::vector<Tensor> gradients;

  Pass(Model& model, const Progress& progress) {
    std::vector<Leaf> leaves;
    for (const Tensor& value : model.weights().values()) {
      gradients.emplace_back(value.shape());
      leaves.push_back({value, gradients.back().data(), false});
    }
    Tape& tape = thread_tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(leaves, true);
    std::vector<int32_t> ids;
    for (int i = 0; i < 25; ++i) ids.push_back(i * 7 % 31);
    Ids inputs = place_ids(tape, ids.data(), 2, 12), targets = place_ids(tape, ids.data() + 1, 2, 12);
    Var z = model.logits(inputs, Mode::kTrain, progress);
    logits.assign(z.data(), z.data() + z.value().numel());
    tape.backward(cross_entropy(z, targets), 1);
  }
};

const std::regex kBlock(R"(blocks\.(\d+)\.)");

/// Calls body(weight of the deep model, weight of the small one) for each pair of which the former is a copy;
/// layer i of the deep model is a copy of layer from[i].
template <class Body>
void for_copies(const Model& deep, const Model& small, const std::vector<int>& from, Body body) {
  for (int i = 0; i < deep.weights().size(); ++i) {
    std::string name = deep.weights().info(i).name;
    std::smatch found;
    if (std::regex_search(name, found, kBlock))
      name = std::regex_replace(name, kBlock, "blocks." + std::to_string(from[std::stoul(found[1])]) + ".");
    int source = small.weights().find(name);
    REQUIRE(source >= 0);
    body(i, source);
  }
}

}  // namespace

TEST_CASE("layers that run twice are a deeper model with copies of them", "[model]") {
  Experiment looped = model_around({"model.layers = 3", "techniques.depth_recurrence = {}"});
  Experiment deep = model_around({"model.layers = 5"});
  Model &small = *looped.model, &copies = *deep.model;
  const std::vector<int> order = {0, 1, 2, 1, 2};
  for_copies(copies, small, order,
             [&](int to, int from) { copy(small.weights().value(from), copies.weights().value(to)); });
  Pass twice(small, Progress()), once(copies, Progress());
  CHECK(twice.logits == once.logits);

  std::vector<std::vector<double>> sums;
  for (const Tensor& gradient : twice.gradients) sums.emplace_back(size_t(gradient.numel()));
  for_copies(copies, small, order, [&](int to, int from) {
    const Tensor& gradient = once.gradients[size_t(to)];
    for (int64_t e = 0; e < gradient.numel(); ++e) sums[size_t(from)][size_t(e)] += gradient.data()[e];
  });
  for (size_t i = 0; i < sums.size(); ++i) {
    INFO(small.weights().info(int(i)).name);
    double norm = 0, difference = 0;
    for (size_t e = 0; e < sums[i].size(); ++e) {
      norm += sums[i][e] * sums[i][e];
      difference += std::pow(sums[i][e] - double(twice.gradients[i].data()[e]), 2);
    }
    CHECK(std::sqrt(difference) <= 1e-5 * std::sqrt(norm));
  }
}

TEST_CASE("repeats with vectors of their own share matrices alone", "[model]") {
  Experiment looped = model_around({"model.layers = 3", "techniques.depth_recurrence.own_vectors = true"});
  Experiment deep = model_around({"model.layers = 5"});
  Model &small = *looped.model, &copies = *deep.model;
  CHECK(small.shape().layers == 5);
  CHECK(small.weights().find("blocks.4.attn_scale") >= 0);
  CHECK(small.weights().find("blocks.3.mlp.fc.weight") < 0);
  const std::vector<int> order = {0, 1, 2, 1, 2};
  for (int i = 0; i < copies.weights().size(); ++i) {
    std::string name = copies.weights().info(i).name;
    std::smatch found;
    bool matrix = copies.weights().info(i).role == Role::kMatrix && std::regex_search(name, found, kBlock);
    if (matrix)
      name = std::regex_replace(name, kBlock, "blocks." + std::to_string(order[std::stoul(found[1])]) + ".");
    REQUIRE(small.weights().find(name) >= 0);
    copy(small.weights().value(small.weights().find(name)), copies.weights().value(i));
  }
  CHECK(Pass(small, Progress()).logits == Pass(copies, Progress()).logits);
}

TEST_CASE("an MLP that is untied is read by its own repeat alone", "[model]") {
  Experiment tied = model_around({"model.layers = 3", "techniques.depth_recurrence.loops = 2"});
  Experiment untied =
      model_around({"model.layers = 3",
                    "techniques.depth_recurrence = { loops = 2, start = [0.5, 0.75], untie_mlps = true }"});
  Model &one = *tied.model, &own = *untied.model;
  CHECK(own.weights().parameters() - one.weights().parameters() == int64_t(4 * 2 * 128 * 64));
  CHECK(own.shape().executions == 7);
  CHECK(own.weights().size() == one.weights().size() + 8);
  std::vector<std::string> of_repeats;
  for (int layer : {1, 2})
    for (int repeat : {1, 2})
      for (const char* which : {"fc", "proj"}) {
        std::string name = message("override_mlps.{}_p{}.{}.weight", {layer, repeat, which});
        int to = own.weights().find(name);
        REQUIRE(to >= 0);
        CHECK(own.weights().info(to).layer == layer);
        of_repeats.push_back(name);
      }
  // While they hold what the layers' own MLPs hold they change nothing.
  for (int i = 0; i < own.weights().size(); ++i) {
    std::string name = own.weights().info(i).name;
    if (name.starts_with("override_mlps.")) name = "blocks." + name.substr(14, 1) + ".mlp" + name.substr(18);
    copy(one.weights().value(one.weights().find(name)), own.weights().value(i));
  }
  Pass same(own, Progress());
  CHECK(same.logits == Pass(one, Progress()).logits);
  // Before the second repeat begins, nothing reads its MLPs.
  Progress first;
  first.steps = 100;
  first.step = 60;
  Pass begun(own, first);
  for (const std::string& name : of_repeats) {
    INFO(name);
    int at = own.weights().find(name);
    CHECK(squared_norm(same.gradients[size_t(at)]) > 0);
    CHECK((squared_norm(begun.gradients[size_t(at)]) > 0) == (name.find("_p1.") != std::string::npos));
  }
}

TEST_CASE("gradients of a repeat's own MLP are those of the logits", "[model]") {
  for (const char* own_vectors : {"false", "true"}) {
    Experiment experiment =
        model_around({"model.layers = 2", "model.dim = 16", "model.vocabulary = 31",
                      "techniques.depth_recurrence = { first = 0, last = 1, untie_mlps = true }",
                      std::string("techniques.depth_recurrence.own_vectors = ") + own_vectors});
    Model& model = *experiment.model;
    std::vector<int32_t> ids = {3, 14, 15, 9, 2, 6};
    std::vector<Tensor> values(model.weights().values().begin(), model.weights().values().end());
    check_gradients(
        [&] { return model.logits(place_ids(Tape::current(), ids.data(), 1, 6), Mode::kTrain, Progress()); },
        values, 1e-2, 1e-2, 6);
  }
}

TEST_CASE("repeats begin at their share of the training, one by one if asked", "[model]") {
  Experiment experiment = small_experiment(
      {"model.layers = 3", "techniques.depth_recurrence = { loops = 2, start = [0.5, 0.75] }"});
  Experiment plain = small_experiment({"model.layers = 3"});
  fill_by_name(*experiment.model);
  fill_by_name(*plain.model);
  auto runs = [&](double fraction) {
    Progress progress;
    progress.steps = 100;
    progress.step = int64_t(100 * fraction);
    const Technique* order = experiment.model->orders_layers(progress, nullptr);
    return order ? order->as<LayerOrder>()->order(3, progress).size() : 3;
  };
  CHECK(runs(0.49) == 3);
  CHECK(runs(0.5) == 5);
  CHECK(runs(0.75) == 7);
  Progress begun;
  begun.steps = 100;
  CHECK(Pass(*experiment.model, begun).logits == Pass(*plain.model, begun).logits);
  CHECK(Pass(*experiment.model, Progress()).logits != Pass(*plain.model, Progress()).logits);
  CHECK_THROWS_WITH(small_experiment({"techniques.depth_recurrence.last = 4"}),
                    Catch::Contains("last = 4 is no layer of the model, whose layers are 0 to 3"));
  CHECK_THROWS_WITH(small_experiment({"techniques.depth_recurrence = {}",
                                      "techniques.again = { use = 'depth_recurrence' }"}),
                    Catch::Contains("both choose the order of the layers; switch one off"));
}

TEST_CASE("several streams are scored to the same bits whole and in part", "[model]") {
  for (const char* residual :
       {"techniques.parallel_residuals = {}", "techniques.two_lanes.first = 0", "techniques.two_lanes = {}",
        "techniques.two_lanes = { first = 0, sequential = true, skips = 'both_lanes' }",
        "techniques.two_lanes = { skips = 'before_parting', mlp_reads_mix = true, last = 'mlp' }"}) {
    INFO(residual);
    Experiment experiment = model_around({"data.sequence_length = 150", residual});
    Model& model = *experiment.model;
    std::vector<int32_t> ids;
    for (int i = 0; i < 151; ++i) ids.push_back(i * 7 % 31);
    std::vector<float> whole = scored_losses(model, ids, 0, false, 140);
    CHECK(scored_losses(model, ids, 140, true, 140) == whole);
    // A pass that records, as training does, frees nothing and has the same numbers.
    std::vector<Leaf> leaves = leaves_of(model.weights().values());
    Tape& tape = thread_tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(leaves, true);
    Var recorded = model.losses(place_ids(tape, ids.data(), 1, 150), place_ids(tape, ids.data() + 1, 1, 150),
                                Mode::kEvaluate, Progress());
    for (size_t t = 0; t < whole.size(); ++t)
      CHECK(recorded.data()[140 + t] == Approx(whole[t]).epsilon(1e-5));
  }
}
