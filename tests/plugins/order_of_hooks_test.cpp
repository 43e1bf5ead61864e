// SPDX-License-Identifier: Apache-2.0
// plugins/README.md lists the hooks of a training step in their order; here a step tells what it calls.
#include <catch2/catch.hpp>

#include <sstream>
#include <string>
#include <vector>

#include "base/files.h"
#include "support/paths.h"
#include "support/small_model.h"
#include "train/trainer.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

std::vector<std::string> calls;

template <class Value>
Value told(const char* hook, Value value) {
  calls.emplace_back(hook);
  return value;
}

struct ToldModifier final : Modifier {
  Var embedded(Forward&, Var x) override { return told("modifier embedded", x); }
  Var stem(Forward&, Var x) override { return told("modifier stem", x); }
  Var enter(Block&, Var x) override { return told("modifier enter", x); }
  Var mixed(Block&, Var x) override { return told("modifier mixed", x); }
  Var normed(Block&, Var h) override { return told("modifier normed", h); }
  QueryKey query_key(Block&, QueryKey qk) override { return told("modifier query_key", qk); }
  Var value(Block&, Var v) override { return told("modifier value", v); }
  Var attended(Block&, Var y) override { return told("modifier attended", y); }
  Var activated(Block&, Var x) override { return told("modifier activated", x); }
  Var branch(Block&, Var y) override { return told("modifier branch", y); }
  Var leave(Block&, Var x) override { return told("modifier leave", x); }
  Var logits(Forward&, Var z) override { return told("modifier logits", z); }
};
struct ToldTable final : TokenTable {
  Parameter table;
  void weights(Weights& w) override {
    table = w.add("tok_emb.weight", {w.model().vocabulary, w.model().width}, Role::kEmbedding,
                  Init::as_token_table(), Place::kTokens);
  }
  Var embed(Forward& forward) override { return told("token_table embed", gather(table, forward.tokens)); }
  Var logits(Forward&, Var x) override { return told("token_table logits", linear(x, table)); }
};
struct ToldEmbedding final : Embedding {
  Parameter table;
  void weights(Weights& w) override {
    table =
        w.add("more.weight", {w.model().vocabulary, w.model().width}, Role::kEmbedding, Init::normal(0.1));
  }
  Var embed(Forward& forward) override { return told("embedding embed", gather(table, forward.tokens)); }
};
struct ToldMask final : AttentionMask {
  Ids first_seen(Forward& forward) override {
    Ids seen = result_ids(forward.tokens.batch, forward.tokens.length);
    std::fill_n(const_cast<int32_t*>(seen.data), seen.numel(), 0);
    return told("attention_mask first_seen", seen);
  }
};
struct ToldOrder final : LayerOrder {
  std::vector<Execution> longest(int layers) const override { return order(layers, {}); }
  std::vector<Execution> order(int layers, const Progress&) const override {
    std::vector<Execution> turns;
    for (int layer = 0; layer < layers; ++layer) turns.push_back({layer, layer});
    return told("layer_order order", turns);
  }
};
struct ToldResidual final : Residual {
  std::vector<Var> layer(LayerPass& pass, std::vector<Var> streams) override {
    calls.emplace_back("residual layer");
    Var x = pass.mix(pass.enter(streams[0], 0));
    Var y = pass.attention(x);
    x = pass.needed(x) + y;
    x = x + pass.mlp(x);
    return {pass.leave(x, 0)};
  }
  Var join(std::vector<Var> streams) override { return told("residual join", streams.at(0)); }
};
struct ToldMlp final : Mlp {
  Var mlp(MlpPass& pass, Var x) override {
    calls.emplace_back("mlp mlp");
    return pass.down(pass.activate(pass.up(x)));
  }
};
struct ToldActivation final : Activation {
  Var apply(Var x) override { return told("activation apply", x * 0.5f); }
};
struct ToldHead final : Head {
  Var logits(Forward& forward, Var x) override {
    calls.emplace_back("head logits");
    return forward.logits_by_table(x);
  }
};
struct ToldObjective final : Objective {
  Var term(Forward&, Prediction& prediction) override {
    return told("objective term", prediction.loss * 0.1f);
  }
};
struct ToldView final : WeightView {
  Var view(Var w, const WeightInfo&, const Progress&, Mode) override { return told("view view", w * 0.9f); }
};
struct ToldSchedule final : Schedule {
  double scale(const Progress&) const override { return told("schedule scale", 1.0); }
};
struct ToldFactor final : RateFactor {
  double factor(const WeightInfo&, const ModelShape&, const Progress&) const override {
    return told("rate_factor factor", 0.5);
  }
};
struct ToldOptimizer final : Optimizer {
  void step(std::span<Weight>, const Progress&) override { calls.emplace_back("optimizer step"); }
};
struct ToldAverager final : Averager {
  void update(std::span<const Weight>, const Progress&) override { calls.emplace_back("averager update"); }
  std::span<const Tensor> average() const override { return {}; }
};

/// Returns the hooks that the README's block lists, as "modifier branch", in its order.
std::vector<std::string> listed_hooks() {
  std::string text = read_file(source_folder() / "plugins/README.md");
  size_t begin = text.find("```text\n", text.find("## The hooks of a step"));
  REQUIRE(begin != std::string::npos);
  std::istringstream lines(text.substr(begin + 8, text.find("```", begin + 8) - begin - 8));
  std::vector<std::string> hooks;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == ' ') continue;  // It says what is repeated.
    std::istringstream words(line);
    std::string kind, hook;
    words >> kind;
    for (bool more = true; more && words >> hook;) {
      more = hook.ends_with(',');
      hooks.push_back(kind + " " + hook.substr(0, hook.size() - size_t(more)));
    }
  }
  return hooks;
}

template <class T>
void add(Registry& registry, const char* name) {
  registry.add(name, built_in<T>({.summary = "Tells when it is called.", .source = "tests"}));
}

}  // namespace

TEST_CASE("a step of one layer calls the hooks in the order that plugins/README.md lists", "[plugins]") {
  Registry registry;
  add<ToldModifier>(registry, "told_modifier");
  add<ToldTable>(registry, "told_table");
  add<ToldEmbedding>(registry, "told_embedding");
  add<ToldMask>(registry, "told_mask");
  add<ToldOrder>(registry, "told_order");
  add<ToldResidual>(registry, "told_residual");
  add<ToldMlp>(registry, "told_mlp");
  add<ToldActivation>(registry, "told_activation");
  add<ToldHead>(registry, "told_head");
  add<ToldObjective>(registry, "told_objective");
  add<ToldView>(registry, "told_view");
  add<ToldSchedule>(registry, "told_schedule");
  add<ToldFactor>(registry, "told_factor");
  add<ToldOptimizer>(registry, "told_optimizer");
  std::vector<std::string> changes = {"model.layers=1",
                                      "model.activation.use='told_activation'",
                                      "model.head.use='told_head'",
                                      "train.schedule.use='told_schedule'",
                                      "optimizers.others={use='told_optimizer', weights=['*']}",
                                      "train.rate_factors.told_factor.weights=['tok_emb.weight']",
                                      "techniques.told_view.weights=['blocks.0.attn.c_q.weight']"};
  for (const char* technique :
       {"modifier", "table", "embedding", "mask", "order", "residual", "mlp", "objective"})
    changes.push_back(std::string("techniques.told_") + technique + "={}");
  Experiment experiment = small_experiment(changes, registry);
  experiment.model->initialize(experiment.only<Initializer>(), 1);
  Trainer trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                  experiment.budget);
  trainer.multiply_rates_by(experiment.rate_factors);
  ToldAverager averager;
  trainer.add_averager("told", averager);
  Batch batch{std::vector<int32_t>(12, 3), std::vector<int32_t>(12, 4), 1, 12};
  calls.clear();
  trainer.step({&batch, 1});
  CHECK(calls == listed_hooks());
}
