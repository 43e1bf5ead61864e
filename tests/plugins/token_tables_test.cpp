// SPDX-License-Identifier: Apache-2.0
// What stands for the table of the token embedding: values worked out by hand, gradients, and its place in a
// model.
#include "autograd/thread_tape.h"
#include "experiment/drawing.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr ModelShape kTableModel = {.vocabulary = 7, .layers = 1, .width = 5};
const std::vector<int32_t> kTableTokens = {1, 5, 0, 6, 2, 2};

/// What the table of a plugin makes of the tokens; the pass has two rows of three.
std::function<Var()> embedding_of(PluginHost& host) {
  return [&host] {
    TestForward forward(host.model(), {kTableTokens.data(), 2, 3});
    return host.as<TokenTable>().embed(forward);
  };
}

/// What it makes of the hidden values that are its first input.
std::function<Var()> logits_of(PluginHost& host) {
  return [&host] {
    TestForward forward(host.model(), {});
    return host.as<TokenTable>().logits(forward, host.input(0));
  };
}

/// The logits of an evaluation of the tokens.
Tensor logits_by(Model& model) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  return clone(model.logits({kTableTokens.data(), 2, 3}, Mode::kEvaluate, Progress()).value());
}

/// Keeps something before it asks for logits by the table, and looks for it afterwards.
struct KeepingHead final : Head {
  bool found = false;
  Var logits(Forward& forward, Var x) override {
    forward.keep(3, x);
    Var z = forward.logits_by_table(x);
    found = forward.kept(3).defined();
    return z;
  }
};

}  // namespace

TEST_CASE("token tables embed tokens and give logits, with the right gradients", "[conformance]") {
  for (const std::string& name : plugins_of(Kind::kTokenTable)) {
    INFO(name);
    PluginHost host(name, {}, kTableModel);
    std::vector<Tensor> weights = host.random_weights(),
                        inputs = host.random_weights({random_tensor({2, 3, 5}, "x")});
    CHECK(run(embedding_of(host), weights).shape() == Shape{2, 3, 5});
    CHECK(run(logits_of(host), inputs).shape() == Shape{2, 3, 7});
    check_gradients(embedding_of(host), weights);
    check_gradients(logits_of(host), inputs);
    int tables = 0;
    for (const WeightInfo& info : host.infos()) tables += info.init.kind == Init::Kind::kTokenTable;
    CHECK(tables == 1);
  }
}

TEST_CASE("factored_embedding projects rows of a narrow table, and hidden values onto it", "[embeddings]") {
  PluginHost host("factored_embedding", {{"dim", 2.0}}, {.vocabulary = 3, .layers = 1, .width = 3});
  CHECK(host.names() ==
        std::vector<std::string>{"tok_emb.weight", "embed_proj.weight", "embed_proj_rev.weight"});
  CHECK(host.info("tok_emb.weight").role == Role::kEmbedding);
  CHECK(host.info("tok_emb.weight").place == Place::kTokens);
  CHECK(host.info("embed_proj.weight").init.bound == Approx(std::sqrt(0.5)));
  CHECK(host.info("embed_proj_rev.weight").init.bound == Approx(std::sqrt(1.0 / 3)));
  const Tensor table = tensor_of({3, 2}, {1, 2, 3, 4, -1, 0.5f}), in = tensor_of({3, 2}, {1, 0, 0, 1, 2, -1}),
               out = tensor_of({2, 3}, {1, 0, 2, 0, 3, 1});
  const std::vector<int32_t> ids = {2, 0};
  auto embed = [&] {
    TestForward forward(host.model(), {ids.data(), 1, 2});
    return host.as<TokenTable>().embed(forward);
  };
  check_values(run(embed, {table, in, out}), {-1, 0.5, -2.5, 1, 2, 0});
  // x Wout^T = (2 + 2 * 1, 3 * 3 + 1) = (4, 10) by the table's rows (1, 2), (3, 4) and (-1, 0.5).
  check_values(run(logits_of(host), {table, in, out, tensor_of({1, 1, 3}, {2, 3, 1})}), {24, 52, 1});
}

TEST_CASE("a factored table as wide as the model is the plain one when its projections are identities",
          "[embeddings]") {
  Experiment plain = small_experiment({}),
             factored = small_experiment({"techniques.factored_embedding.dim = 64"});
  for (Experiment* e : {&plain, &factored}) fill_by_name(*e->model);
  WeightTable& weights = factored.model->weights();
  for (const char* name : {"embed_proj.weight", "embed_proj_rev.weight"}) {
    const Tensor& w = weights.value(weights.find(name));
    for (int64_t i = 0; i < w.numel(); ++i) w.data()[i] = i / 64 == i % 64 ? 1 : 0;
  }
  Tensor wanted = logits_by(*plain.model), got = logits_by(*factored.model);
  check_values(got, {wanted.data(), wanted.data() + wanted.numel()}, 1e-6);
}

TEST_CASE("a head that asks for logits by the table is the calling technique again afterwards",
          "[embeddings]") {
  for (const std::vector<std::string>& changes :
       {std::vector<std::string>{}, {"techniques.factored_embedding = {}"}}) {
    Experiment e = small_experiment(changes);
    ModelParts parts = e.model->parts();
    PluginEntry entry{PluginCard{}, Kind::kHead, 0, nullptr};
    auto head = std::make_shared<KeepingHead>();
    parts.of(Kind::kHead) = {
        {.label = "head", .plugin = "keeping", .entry = &entry, .layers = {}, .object = head}};
    Model model(e.model_settings, 12, parts, Device::kCpu);
    fill_by_name(model);
    logits_by(model);
    CHECK(head->found);
  }
}

TEST_CASE("a model has one table, which starts as model.embedding_init_std says", "[embeddings]") {
  const std::vector<std::string> on = {"techniques.factored_embedding.dim = 48",
                                       "model.embedding_init_std = 0.25"};
  Experiment e = small_experiment(on);
  const WeightTable& weights = e.model->weights();
  const WeightInfo& table = weights.info(weights.find("tok_emb.weight"));
  CHECK(table.shape == Shape{31, 48});
  CHECK(table.owner == "factored_embedding");
  CHECK(table.init.deviation == 0.25);
  CHECK(weights.parameters() - small_experiment({}).model->weights().parameters() ==
        31 * (48 - 64) + 2 * 48 * 64);
  CHECK_THAT(draw(e), Catch::Contains("x = factored_embedding  [B, T, 64]"));
  CHECK_THROWS_WITH(small_experiment({"techniques.factored_embedding = {}",
                                      "techniques.second = { use = 'factored_embedding' }"}),
                    Catch::Contains("both choose the table of the token embedding; switch one off"));
}
