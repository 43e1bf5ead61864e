// SPDX-License-Identifier: Apache-2.0
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {
constexpr ModelShape kHeadModel = {.vocabulary = 7, .layers = 1, .width = 5};
}

TEST_CASE("tied gives logits by the token table", "[heads]") {
  PluginHost host("tied", {}, kHeadModel);
  CHECK(host.infos().empty());
  auto op = [&] {
    TestForward forward(kHeadModel, {});
    forward.token_table = host.input(1);
    return host.as<Head>().logits(forward, host.input(0));
  };
  check_values(run(op, {tensor_of({1, 1, 2}, {2, -1}), tensor_of({3, 2}, {1, 0, 0, 1, 3, 4})}), {2, -1, 2});
  check_gradients(op, {random_tensor({2, 3, 5}, "x"), random_tensor({7, 5}, "table")});
}

TEST_CASE("untied gives logits by its own matrix", "[heads]") {
  PluginHost host("untied", {}, kHeadModel);
  CHECK(host.info("lm_head.weight").shape == Shape{7, 5});
  CHECK(host.info("lm_head.weight").place == Place::kHead);
  auto op = [&] {
    TestForward forward(kHeadModel, {});
    return host.as<Head>().logits(forward, host.input(0));
  };
  check_gradients(op, host.random_weights({random_tensor({2, 3, 5}, "x")}));
}
