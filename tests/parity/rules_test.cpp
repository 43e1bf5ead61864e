// SPDX-License-Identifier: Apache-2.0
// The rules of upstream.toml: what settings of upstream's records mean in an experiment.
#include <catch2/catch.hpp>
#include <map>

#include "config/tree.h"
#include "model/weights.h"
#include "parity/engine.h"
#include "parity/made_up_case.h"
#include "parity/share.h"

using namespace caddie;
using namespace caddie::parity;

namespace {

const std::string kEarly =
    "openai/parameter-golf records/x/2026-03-19_MLP3x_QAT_Int6_SlidingWindow/train_gpt.py";
const std::string kCategories =
    "openai/parameter-golf records/x/2026-03-22_11L_EMA_GPTQ-lite_warmdown3500_QAT015_1.1233/train_gpt.py";
const std::string kBanks =
    "openai/parameter-golf records/x/2026-03-25_ValCalib_GPTQ_XSA_BigramHash3072/train_gpt.py";

/// The experiment of a case of this folder, as if it had these settings too and came out of that script.
std::string toml(const std::string& name, const Facts& more, const std::string& script = "") {
  Case c(kCases / name);
  Facts facts = model_facts(c, 16);
  for (const auto& [fact, value] : more) facts[fact] = value;
  return upstream().experiment(facts, {{"kind", c.kind}, {"script", script}});
}

/// Which quantizer the rules give to each weight.
std::map<std::string, std::string> quantizers(const Facts& facts, const std::string& script,
                                              const std::vector<WeightInfo>& infos) {
  Tree tree = Tree::parse(upstream().experiment(facts, {{"kind", "quantizers"}, {"script", script}}), "test");
  std::map<std::string, std::string> owners;
  for (const std::string& label : tree.children("export.quantizers")) {
    std::vector<std::string> patterns;
    std::string use = label;
    tree.read("export.quantizers." + label, [&](Settings& s) {
      s("use", use, "plugin");
      s("weights", patterns, "patterns");
    });
    for (int i : select_weights(infos, patterns, label)) {
      std::string& owner = owners[infos[size_t(i)].name];
      INFO(infos[size_t(i)].name << " has " << owner << " and " << use);
      CHECK(owner.empty());
      owner = use;
    }
  }
  return owners;
}

WeightInfo weight(const std::string& name, Shape shape) {
  WeightInfo info;
  info.name = name;
  info.shape = shape;
  return info;
}

}  // namespace

TEST_CASE("settings that are off change no experiment", "[parity]") {
  Facts off = {{"late_qat_threshold", 0.0},
               {"skip_gates_enabled", false},
               {"num_loops", 0},
               {"loop_start", 3},
               {"looping_active", true},
               {"recurrence_variant", "index_list"},
               {"mtp_num_heads", 0},
               {"mtp_loss_weight", 0.2},
               {"lawa_enabled", false},
               {"lawa_k", 10},
               {"two_lane_variant", "none"},
               {"parallel_start_layer", 2},
               {"dropout_to_be", 0.0},
               {"gate_window", 12}};
  CHECK(toml("ts_baseline", off) == toml("ts_baseline", {}));
  Facts on = {{"num_loops", 2}, {"mtp_num_heads", 1}, {"dropout_to_be", 0.1}, {"qat", "ternary_ste"}};
  for (const auto& [fact, value] : on) {
    INFO(fact);
    CHECK_THROWS_WITH(toml("ts_baseline", {{fact, value}}), Catch::Contains(fact + " = " + value.dump()));
  }
}

TEST_CASE("upstream takes all layers where it is asked for more than there are", "[parity]") {
  CHECK_THAT(toml("ev_sliding_ge_1", {{"xsa_last_n", 11}}), Catch::Contains("xsa.layers = \"last 2\""));
  CHECK_THAT(toml("ev_sliding_ge_1", {{"xsa_last_n", 1}}), Catch::Contains("xsa.layers = \"last 1\""));
}

TEST_CASE("the ternary record bounds logits by a polynomial and turns pairs by YaRN", "[parity]") {
  std::string text = toml(
      "fb_smear_gate",
      {{"softcap_type", "poly"}, {"rope_type", "yarn"}, {"yarn_max_len", 2048}, {"train_seq_len", 1024}});
  CHECK_THAT(text, Catch::Contains("form = \"polynomial\"") && Catch::Contains("yarn_length = 2048") &&
                       Catch::Contains("yarn_reference_length = 1024"));
}

TEST_CASE("repeats may have an MLP of their own, in both forms of upstream", "[parity]") {
  Facts loop = {{"num_loops", 2},  {"loop_start", 1},        {"loop_end", 2},
                {"loop_phase", 2}, {"looping_active", true}, {"recurrence_variant", "index_list"}};
  CHECK_THAT(toml("fb_smear_gate", loop), !Catch::Contains("untie_mlps"));
  loop["untie_loop_mlps"] = true;
  CHECK_THAT(toml("fb_smear_gate", loop),
             Catch::Contains("depth_recurrence.loops = 2") && Catch::Contains("untie_mlps = true"));
  Facts turns = {{"recur_layers", {1, 2}},
                 {"recurrence_active", true},
                 {"recurrence_variant", "virtual_layers"},
                 {"repeat_untie_mlp", "none"}};
  CHECK_THAT(toml("fb_smear_gate", turns), !Catch::Contains("untie_mlps"));
  turns["repeat_untie_mlp"] = "full";
  CHECK_THAT(toml("fb_smear_gate", turns),
             Catch::Contains("own_vectors = true") && Catch::Contains("untie_mlps = true"));
  turns["repeat_untie_mlp"] = "down";
  CHECK_THROWS_WITH(toml("fb_smear_gate", turns), Catch::Contains("repeat_untie_mlp = \"down\""));
}

TEST_CASE("what upstream adds to the loss becomes objectives", "[parity]") {
  std::string text = toml("fb_smear_gate", {{"mtp_num_heads", 2}, {"mtp_loss_weight", 0.3}});
  CHECK_THAT(text, Catch::Contains("multi_token_prediction.heads = 2") &&
                       Catch::Contains("multi_token_prediction.weight = 0.3"));
  text = toml("fb_smear_gate", {{"mtp_heads_count", 1}, {"mtp_loss_weight", 0.1}, {"z_loss", 1e-4}});
  CHECK_THAT(text, Catch::Contains("multi_token_prediction.ahead = 2") &&
                       Catch::Contains("z_loss.coefficient = 0.0001"));
}

TEST_CASE("the output gate reads what its source says", "[parity]") {
  auto gate = [](const char* source) {
    return toml("fb_smear_gate",
                {{"attn_out_gate_enabled", true}, {"attn_out_gate_src", source}, {"gate_window", 12}});
  };
  CHECK_THAT(gate("proj"), Catch::Contains("gated_attention.inputs = 12") && !Catch::Contains("\"query\""));
  CHECK_THAT(gate("q"), Catch::Contains("gated_attention.inputs = 12") && Catch::Contains("\"query\""));
  CHECK_THROWS_WITH(gate("k"), Catch::Contains("attn_out_gate_src = \"k\""));
}

TEST_CASE("fake quantisation acts in training, on linear layers that are no slices of banks", "[parity]") {
  for (const char* form : {"late_int6_ste", "int8_ste", "int6_by4_ste"}) {
    CHECK_THAT(toml("ev_sliding_ge_1", {{"qat", form}}), !Catch::Contains("techniques.qat"));
    CHECK_THAT(toml("ev_sliding_ge_1", {{"qat", form}}, kBanks), !Catch::Contains("techniques.qat"));
    CHECK_THAT(toml("fb_smear_gate", {{"qat", form}}, kEarly), Catch::Contains("techniques.qat"));
  }
  CHECK_THAT(toml("fb_smear_gate", {{"qat", "late_int6_ste"}}), Catch::Contains("[\"role:matrix\"]"));
  Facts late = {{"qat", "late_int6_ste"}, {"late_qat_threshold", 0.0}};
  CHECK(toml("ts_baseline", late) == toml("ts_baseline", {}));
  CHECK_THAT(toml("ts_baseline", {{"late_qat_threshold", 0.15}}, kBanks),
             Catch::Contains("start_below = 0.15") && Catch::Contains("[\"role:matrix & !blocks.*\"]"));
}

TEST_CASE("the record of 03-19 never scores the head of the first window", "[parity]") {
  Facts its_own = {{"variant", "its_own"}, {"stride", 4}};
  CHECK_THAT(toml("ev_sliding_ge_1", its_own, kEarly),
             Catch::Contains("sliding_window.variant = \"c\"") && Catch::Contains("\"interleaved\""));
  CHECK_THROWS_WITH(toml("ev_sliding_ge_1", its_own), Catch::Contains("variant = \"its_own\""));
}

TEST_CASE("Muon of a bank is Muon of its matrices", "[parity]") {
  Facts group = {{"label", "m"},       {"optimizer", "Muon"}, {"params", {"w"}},     {"base_lr", 0.02},
                 {"backend_steps", 5}, {"nesterov", true},    {"weight_decay", 0.04}};
  Facts whole = {
      {"muon_momentum", 0.95}, {"muon_momentum_warmup_start", 0.85}, {"muon_momentum_warmup_steps", 5}};
  auto text = [&] { return upstream().experiment(group, {{"kind", "param_group"}, {"script", ""}}, whole); };
  std::string by_matrix = text();
  CHECK_THAT(by_matrix, Catch::Contains("m\".use = \"muon\"") && Catch::Contains("weight_decay = 0.04"));
  group["optimizer"] = "Muon (banked)";
  CHECK(text() == by_matrix);
  group["row_normalize"] = true;
  group["newton_schulz"] = "polar_express";
  CHECK_THAT(text(), Catch::Contains("row_normalize = true") && Catch::Contains("\"polar_express\""));
  group["optimizer"] = "NeoMuon";
  CHECK_THROWS_WITH(text(), Catch::Contains("optimizer = \"NeoMuon\""));
}

TEST_CASE("a rank takes a stretch of windows, or every so manyth", "[parity]") {
  std::vector<Window> windows;
  for (int64_t start = 0; start < 5; ++start) windows.push_back({start, 1, 0});
  auto starts = [&](const Share& share) {
    std::vector<int64_t> of;
    for (const Window& window : share.of(windows)) of.push_back(window.start);
    return of;
  };
  CHECK(starts({0, 2, "blocks"}) == std::vector<int64_t>{0, 1});
  CHECK(starts({1, 2, "blocks"}) == std::vector<int64_t>{2, 3, 4});
  CHECK(starts({0, 2, "interleaved"}) == std::vector<int64_t>{0, 2, 4});
  CHECK(starts({1, 2, "interleaved"}) == std::vector<int64_t>{1, 3});
  CHECK(starts({}) == std::vector<int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("int6_cats says which categories of weights take six bits", "[parity]") {
  std::vector<WeightInfo> infos = {
      weight("tok_emb.weight", {1024, 128}),       weight("blocks.0.attn.c_q.weight", {300, 300}),
      weight("blocks.0.attn.q_gain", {4}),         weight("blocks.0.mlp.proj.weight", {300, 300}),
      weight("bigram.embed.weight", {1024, 128}),  weight("bigram.proj.weight", {300, 300}),
      weight("ve_shared.proj.weight", {256, 256}), weight("skip_weights", {300, 300})};
  auto owners = [&](const Json& categories) {
    return quantizers({{"quantizer", "mixed_quantize_int6"}, {"int6_cats", categories}}, kCategories, infos);
  };
  std::map<std::string, std::string> wanted = {
      {"tok_emb.weight", "int8"},        {"blocks.0.attn.c_q.weight", "gptq_lite"},
      {"blocks.0.attn.q_gain", "fp16"},  {"blocks.0.mlp.proj.weight", "gptq_lite"},
      {"bigram.embed.weight", "int8"},   {"bigram.proj.weight", "gptq_lite"},
      {"ve_shared.proj.weight", "fp16"}, {"skip_weights", "fp32"}};
  CHECK(owners({"mlp", "attn"}) == wanted);
  for (const char* name : {"blocks.0.mlp.proj.weight", "tok_emb.weight", "bigram.embed.weight"})
    wanted[name] = wanted[name] == "int8" ? "gptq_lite" : "int8";
  CHECK(owners({"attn", "embed", "other"}) == wanted);
}

TEST_CASE("int6 of the record of 03-19 is rounded to multiples of 4", "[parity]") {
  // The largest magnitude occurs twice, so the clip is 127 and the scale 1.
  Folder folder;
  std::vector<float> w = {127, -127, 5, 6, -6, 0.4f}, back = {124, -128, 4, 8, -8, 0};
  std::vector<int8_t> q = {124, -128, 4, 8, -8, 0};
  auto run = [&](const std::string& quantizer) {
    Json json = {{"quantizer", quantizer}, {"source", {{"script", kEarly}}}};
    return run_case(quantizer_case(folder, json, {tensor("w", "F32", {1, 6}, w)},
                                   {tensor("w.q", "I8", {1, 6}, q),
                                    tensor("w.scale", "F16", {1}, std::vector<uint16_t>{0x3c00}),
                                    tensor("w.dequant", "F32", {1, 6}, back)}),
                    registry(), upstream());
  };
  Result result = run("quantize_float_tensor_int6");
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");
  CHECK(name_of(run("quantize_float_tensor").status) == "FAIL");
}

TEST_CASE("a pruning case lists what pruning set to zero", "[parity]") {
  // 66,000 entries, more than the 65,536 that are left alone: a third is zero before, and the smallest of the
  // others, entries 1 and 2, lie below the 35th percentile with them.
  Folder folder;
  constexpr int64_t kRows = 66, kColumns = 1000;
  std::vector<float> w(size_t(kRows * kColumns));
  std::vector<int32_t> zeroed;
  for (size_t i = 0; i < w.size(); ++i) w[i] = i % 3 == 0 ? 0 : float(i);
  Json json = {{"quantizer", "magnitude_pruning"}, {"config", {{"fraction", 0.335}}}};
  // 22,000 zeros, then 1, 2, 4, 5 ...: the quantile at rank 0.335 * 65999 = 22109.7 lies between the 110th
  // and the 111th of the others.
  int seen = 0;
  for (size_t i = 0; seen < 110; ++i)
    if (i % 3 != 0) {
      zeroed.push_back(int32_t(i));
      ++seen;
    }
  auto run = [&](const std::vector<int32_t>& places) {
    return run_case(quantizer_case(folder, json, {tensor("w", "F32", {kRows, kColumns}, w)},
                                   {tensor("w.zeroed_flat_index", "I32", {int64_t(places.size())}, places)}),
                    registry(), upstream());
  };
  Result result = run(zeroed);
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");
  zeroed.insert(zeroed.begin(), 0);
  CHECK(name_of(run(zeroed).status) == "FAIL");
}
