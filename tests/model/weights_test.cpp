// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include <catch2/catch.hpp>

using namespace caddie;

namespace {

WeightInfo weight(const char* name, const Shape& shape, Role role) {
  WeightInfo info;
  info.name = name;
  info.shape = shape;
  info.role = role;
  return info;
}

std::vector<WeightInfo> some_weights() {
  return {weight("tok_emb.weight", {77, 33}, Role::kEmbedding),
          weight("blocks.0.attn.c_k.weight", {32, 33}, Role::kMatrix),
          weight("blocks.8.attn.c_k.weight", {32, 33}, Role::kMatrix), weight("scale", {}, Role::kScalar)};
}

std::vector<int> select(const std::string& pattern) {
  std::vector<WeightInfo> infos = some_weights();
  return select_weights(infos, std::vector<std::string>{pattern}, "[test]");
}

}  // namespace

TEST_CASE("patterns select weights by name, role and size", "[model]") {
  CHECK(select("*.attn.*") == std::vector<int>{1, 2});
  CHECK(select("role:matrix") == std::vector<int>{1, 2});
  CHECK(select("numel>1056") == std::vector<int>{0});
  CHECK(select("numel<=1056 & role:matrix") == std::vector<int>{1, 2});
  CHECK(select("role:scalar & numel>1").empty());
  CHECK_THROWS_WITH(select("role:tensor"), Catch::Contains("[test]") && Catch::Contains("names no role"));
  CHECK_THROWS_WITH(select("numel=5"), Catch::Contains("numel=5"));
  for (const char* no_selector : {"layer<2", "blocks.0.attn,blocks.1.attn", "size>5", "", "!", "*& "}) {
    INFO(no_selector);
    CHECK_THROWS_WITH(select(no_selector),
                      Catch::Contains("[test]: '") && Catch::Contains("selects no weights"));
  }
}

TEST_CASE("a term behind ! selects whatever it does not match", "[model]") {
  CHECK(select("*.attn.* & !blocks.8.*") == std::vector<int>{1});
  CHECK(select("!role:matrix & !numel<=1") == std::vector<int>{0});
  CHECK(select("!*") == std::vector<int>{});
}

TEST_CASE("only a weight of a model starts as its table of tokens does", "[model]") {
  struct Unasked final : Initializer {
    void fill(Tensor&, const WeightInfo&, const ModelShape&, Rng&) override {}
  } initializer;
  WeightTable table(Device::kCpu);
  WeightInfo info = weight("a.table", {3, 2}, Role::kEmbedding);
  info.init = Init::as_token_table();
  table.add(info);
  CHECK_THROWS_WITH(table.initialize(initializer, {}, 7, false),
                    Catch::Contains("a.table: only a weight of the model can start"));
}

TEST_CASE("every weight is claimed exactly once", "[model]") {
  std::vector<WeightInfo> infos = some_weights();
  CHECK_NOTHROW(check_claimed_once(infos, std::vector<Claim>{{"a", {0, 2}}, {"b", {1, 3}}}, "optimizer"));
  CHECK_THROWS_WITH(check_claimed_once(infos, std::vector<Claim>{{"a", {0, 1, 2}}}, "optimizer"),
                    Catch::Contains("scale"));
  CHECK_THROWS_WITH(
      check_claimed_once(infos, std::vector<Claim>{{"a", {0, 1, 2, 3}}, {"b", {3}}}, "optimizer"),
      Catch::Contains("scale") && Catch::Contains("a") && Catch::Contains("b"));
}

TEST_CASE("the shares of a model's owners add up to its weights", "[model]") {
  WeightTable table(Device::kCpu);
  for (WeightInfo info : some_weights()) {
    info.owner = info.role == Role::kMatrix ? "attention" : "rest";
    table.add(info);
  }
  auto shares = table.shares();
  CHECK(shares.at("attention").weights == 2);
  CHECK(shares.at("attention").parameters == 2 * 32 * 33);
  CHECK(shares.at("rest").parameters == 77 * 33 + 1);
  CHECK(shares.at("attention").parameters + shares.at("rest").parameters == table.parameters());
}
