// SPDX-License-Identifier: Apache-2.0
#include "experiment/drawing.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("vocabulary_bias adds a number for each token, zero at first", "[modifiers]") {
  PluginHost host("vocabulary_bias", {}, {.vocabulary = 3, .layers = 1, .width = 2});
  CHECK(host.names() == std::vector<std::string>{"vocab_bias"});
  CHECK(host.info("vocab_bias").shape == Shape{3});
  CHECK(host.info("vocab_bias").role == Role::kVector);
  CHECK(host.info("vocab_bias").init.rows == std::vector<double>{0});
  auto op = [&] {
    TestForward forward(host.model(), {});
    return host.as<Modifier>().logits(forward, host.input(0));
  };
  Tensor z = tensor_of({1, 2, 3}, {1, 2, 3, -4, 0, 0.5f});
  check_values(run(op, {tensor_of({3}, {0.5f, -1, 2}), z}), {1.5, 1, 5, -3.5, -1, 2.5});
  check_gradients(op, host.random_weights({random_tensor({2, 5, 3}, "z")}));
}

TEST_CASE("vocabulary_bias comes before what bounds the logits", "[modifiers]") {
  CHECK_THAT(draw(small_experiment({"techniques.vocabulary_bias = {}", "techniques.logit_softcap = {}"})),
             Catch::Contains("<- vocabulary_bias -> logit_softcap\n"));
}
