// SPDX-License-Identifier: Apache-2.0
// The polynomial and the asymmetric bound of logits; expected numbers are their formulas in float64.
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Adds half the logits, so that their gradient is not fresh when the cap adds to it.
Var capped(PluginHost& host) {
  TestForward forward(host.model(), {});
  Var z = host.input(0);
  return host.as<Modifier>().logits(forward, z) + z * 0.5f;
}

}  // namespace

TEST_CASE("logit_softcap may be a polynomial, flat where that leaves the cap", "[modifiers]") {
  PluginHost host("logit_softcap", {{"form", "polynomial"}, {"cap", 10.0}});
  CHECK(host.infos().empty());
  auto op = [&] { return capped(host); };
  Tensor z = tensor_of({1, 1, 7}, {25, -15, -3, 0.5f, 12, 17, -18});
  check_values(run(op, {z}), {10 + 12.5, -8.8125 - 7.5, -2.91162 - 1.5, 0.4995835 + 0.25, 7.89888 + 6,
                              10 + 8.5, -10 - 9.0});
  check_gradients(op, {z});
  check_gradients(op, {random_tensor({2, 3, 33}, "z", 12)});
}

TEST_CASE("logit_softcap may learn a cap for each sign", "[modifiers]") {
  PluginHost host("logit_softcap", {{"form", "asymmetric"}, {"cap", 20.0}});
  CHECK(host.names() == std::vector<std::string>{"softcap_pos", "softcap_neg"});
  for (const WeightInfo& info : host.infos()) {
    CHECK(info.shape.rank() == 0);
    CHECK(info.init.rows == std::vector<double>{20});
  }
  auto op = [&] { return capped(host); };
  Tensor positive = tensor_of({}, {20}), negative = tensor_of({}, {10});
  Tensor y = run(op, {positive, negative, tensor_of({1, 1, 6}, {40, -30, -3, 0.5f, 0, 12})});
  check_values(y, {19.2805516 + 20, -9.9505475 - 15, -2.9131261 - 1.5, 0.4998959 + 0.25, 0, 10.7409913 + 6});
  // The step is short beside caps and logits and long beside the rounding of sums over 198 of them.
  check_gradients(op, {positive, negative, random_tensor({2, 3, 33}, "z", 20)}, 2e-3, 0.05);
}

TEST_CASE("logit_softcap is the usual one while both learned caps are equal", "[modifiers]") {
  PluginHost plain("logit_softcap"), learned("logit_softcap", {{"form", "asymmetric"}});
  Tensor cap = tensor_of({}, {30}), z = random_tensor({2, 3, 33}, "z", 20);
  Tensor one = run([&] { return capped(plain); }, {z});
  Tensor other = run([&] { return capped(learned); }, {cap, cap, z});
  check_values(other, {one.data(), one.data() + one.numel()}, 1e-6);  // a quotient in place of a product
}
