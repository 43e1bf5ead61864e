// SPDX-License-Identifier: Apache-2.0
// Made-up cases of initial weights.
#include "parity/made_up_case.h"

using namespace caddie;
using namespace caddie::parity;

namespace {

/// A model of two layers, without any technique that upstream's later records add.
Json model() {
  Json config = {{"vocab_size", 48},       {"num_layers", 2},       {"model_dim", 64},
                 {"num_heads", 4},         {"num_kv_heads", 2},     {"mlp_mult", 1.0},
                 {"tie_embeddings", true}, {"logit_softcap", 30.0}, {"rope_base", 10000.0},
                 {"qk_gain_init", 5.25},   {"smear", false},        {"bigram_vocab_size", 0},
                 {"ve_enabled", false},    {"ln_scale", true},      {"mlp_activation", "relu2"},
                 {"qat", "none"}};
  Json parameters = Json::array();
  auto constant = [&](const std::string& name, const Json& shape, double value) {
    parameters.push_back({{"name", name}, {"shape", shape}, {"constant", value}});
  };
  constant("skip_weights", {1, 64}, 1);
  parameters.push_back({{"name", "tok_emb.weight"}, {"shape", {48, 64}}, {"std", 0.005}, {"mean", 0}});
  for (const std::string block : {"blocks.0.", "blocks.1."}) {
    constant(block + "attn_scale", {64}, 1);
    constant(block + "mlp_scale", {64}, 1);
    constant(block + "attn.q_gain", {4}, 5.25);
    parameters.push_back({{"name", block + "resid_mix"}, {"shape", {2, 64}}, {"rows", {1.0, 0.0}}});
  }
  return {{"config", config}, {"parameters", parameters}};
}

/// An orthogonal matrix of 64 rows has a deviation of 1/8, half of it zero that over the root of two.
Json in_banks(Json model) {
  auto bank = [&](const char* name, const Json& shape, double std, const Json& zero) {
    model["parameters"].push_back({{"name", name},
                                   {"shape", shape},
                                   {"std", std},
                                   {"zero_slices", zero},
                                   {"singular_values_all_one", true}});
  };
  bank("qo_bank", {4, 64, 64}, 0.0884, {2, 3});
  bank("kv_bank", {4, 32, 64}, 0.125, Json::array());
  bank("mlp_up_bank", {2, 64, 64}, 0.125, Json::array());
  model["parameters"].push_back({{"name", "mlp_down_bank"}, {"shape", {2, 64, 64}}, {"constant", 0}});
  return model;
}

/// Uniform numbers in +-1/8 have a deviation of 1/8 over the root of three.
Json by_matrix(Json model) {
  for (const std::string block : {"blocks.0.", "blocks.1."}) {
    auto random = [&](const char* name, const Json& shape, double std, bool orthogonal) {
      model["parameters"].push_back(
          {{"name", block + name}, {"shape", shape}, {"std", std}, {"singular_values_all_one", orthogonal}});
    };
    random("attn.c_q.weight", {64, 64}, 0.125, true);
    random("attn.c_k.weight", {32, 64}, 0.0722, false);
    random("attn.c_v.weight", {32, 64}, 0.0722, false);
    random("mlp.fc.weight", {64, 64}, 0.125, true);
    for (const char* name : {"attn.proj.weight", "mlp.proj.weight"})
      model["parameters"].push_back({{"name", block + name}, {"shape", {64, 64}}, {"constant", 0}});
  }
  return model;
}

Result run_models(const Json& models) {
  Folder folder;
  Json json = {{"name", "made_up"},
               {"kind", "initializers"},
               {"config", Json::object()},
               {"expected", {{"models", models}}}};
  write_file(folder.path / "case.json", json.dump());
  return run_case(folder.path, registry(), upstream());
}

}  // namespace

TEST_CASE("initial weights are those of upstream, in banks or by themselves", "[parity]") {
  Result result = run_models({in_banks(model()), by_matrix(model())});
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");

  auto fails = [](Json model, const char* name, const char* key, const Json& to, const char* words) {
    for (Json& parameter : model["parameters"])
      if (parameter["name"] == name) parameter[key] = to;
    Result failed = run_models(Json::array({model}));
    INFO(name);
    CHECK(name_of(failed.status) == "FAIL");
    CHECK_THAT(failed.reason, Catch::Contains(words));
  };
  fails(by_matrix(model()), "blocks.1.attn.q_gain", "constant", 5, "blocks.1.attn.q_gain: 4 differ");
  fails(by_matrix(model()), "blocks.0.resid_mix", "rows", {1, 1}, "blocks.0.resid_mix, row 1");
  fails(by_matrix(model()), "blocks.0.attn.c_k.weight", "singular_values_all_one", true, "orthogonal");
  fails(by_matrix(model()), "tok_emb.weight", "std", 0.01, "spread of tok_emb.weight");
  fails(by_matrix(model()), "skip_weights", "shape", {2, 64}, "shape of skip_weights");
  fails(in_banks(model()), "qo_bank", "zero_slices", {1, 2, 3}, "qo_bank, slice 1");
  fails(in_banks(model()), "kv_bank", "std", 0.0884, "spread of kv_bank");
}

TEST_CASE("a model of initial weights has those of the case and no others", "[parity]") {
  Json few = by_matrix(model()), strange = by_matrix(model());
  few["parameters"].erase(0);
  CHECK_THAT(run_models(Json::array({few})).reason, Catch::Contains("the case does not have: 1"));
  strange["parameters"].push_back({{"name", "extra"}, {"shape", {1}}, {"constant", 0}});
  CHECK_THAT(run_models(Json::array({strange})).reason, Catch::Contains("lacks the weight 'extra'"));
}
