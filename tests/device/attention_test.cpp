// SPDX-License-Identifier: Apache-2.0
// Attention and its gradients against double references, on every instruction set.
#include "support/attention_case.h"

namespace caddie::testing {
namespace {

TEST_CASE("attention and its gradients equal a double reference", "[device]") {
  const AttentionShape shapes[] = {
      {1, 1, 1, 1, 8},   {2, 6, 4, 2, 16},   {1, 63, 2, 1, 5},   {2, 64, 2, 2, 32}, {1, 65, 3, 1, 64},
      {1, 77, 2, 1, 33}, {1, 256, 4, 2, 32}, {2, 130, 2, 1, 48}, {1, 200, 1, 1, 1}, {1, 300, 2, 1, 130}};
  for (const AttentionShape& shape : shapes) {
    const float scale = 1 / std::sqrt(float(shape.head_dim));
    INFO("T " << shape.length << ", H " << shape.heads << ", K " << shape.kv_heads << ", D "
              << shape.head_dim);
    check_near_reference(AttentionCase(shape, scale, 20));
  }
}

TEST_CASE("attention adds its gradients and may leave out log_sum", "[device]") {
  on_each_isa([] {
    AttentionCase c({1, 70, 2, 1, 16}, 0.3f, 30), again = c;
    c.run();
    again.dq.assign(again.dq.size(), 1);
    again.dk.assign(again.dk.size(), 2);
    again.dv.assign(again.dv.size(), 3);
    again.run();
    for (size_t i = 0; i < c.dq.size(); ++i) REQUIRE(again.dq[i] == Approx(1 + c.dq[i]).margin(1e-6));
    for (size_t i = 0; i < c.dk.size(); ++i) REQUIRE(again.dk[i] == Approx(2 + c.dk[i]).margin(1e-6));
    for (size_t i = 0; i < c.dv.size(); ++i) REQUIRE(again.dv[i] == Approx(3 + c.dv[i]).margin(1e-6));
    attention_forward(c.shape, c.scale, c.q.data(), c.k.data(), c.v.data(), again.y.data(), nullptr);
    CHECK(again.y == c.y);
  });
}

TEST_CASE("attention from a position on has the bits of a whole pass", "[device]") {
  on_each_isa([] {
    AttentionCase whole({2, 200, 4, 2, 24}, 0.2f, 60);
    whole.run();
    for (int64_t first : {64, 192}) {
      AttentionShape shape = whole.shape;
      shape.first = first;
      const int64_t width = 4 * 24, kept = 200 - first;
      Floats q, y(2 * kept * width, NAN), log_sum(2 * 4 * kept, NAN);
      for (int64_t b = 0; b < 2; ++b)
        q.insert(q.end(), whole.q.begin() + (b * 200 + first) * width,
                 whole.q.begin() + (b + 1) * 200 * width);
      attention_forward(shape, whole.scale, q.data(), whole.k.data(), whole.v.data(), y.data(),
                        log_sum.data());
      for (int64_t b = 0; b < 2; ++b) {
        const auto wanted = whole.y.begin() + (b * 200 + first) * width;
        CHECK(std::equal(wanted, wanted + kept * width, y.begin() + b * kept * width));
      }
      for (int64_t head = 0; head < 2 * 4; ++head) {
        const auto wanted = whole.log_sum.begin() + head * 200 + first;
        CHECK(std::equal(wanted, wanted + kept, log_sum.begin() + head * kept));
      }
    }
  });
  float none = 0;
  const AttentionShape between{1, 200, 1, 1, 8, 10};
  CHECK_THROWS_WITH(attention_forward(between, 1, &none, &none, &none, &none, nullptr),
                    Catch::Contains("the first position is 10 of 200; wanted a multiple of 64"));
}

TEST_CASE("attention gives a sequence the same bits alone and in a batch", "[device]") {
  on_each_isa([] {
    AttentionCase both({2, 100, 4, 2, 24}, 0.2f, 40), alone({1, 100, 4, 2, 24}, 0.2f, 40);
    both.run();
    const auto second = [](Floats& to, const Floats& from) {
      to.assign(from.begin() + from.size() / 2, from.end());
    };
    second(alone.q, both.q);
    second(alone.k, both.k);
    second(alone.v, both.v);
    second(alone.dy, both.dy);
    alone.run();
    const auto same = [](const Floats& half, const Floats& whole) {
      return std::equal(half.begin(), half.end(), whole.begin() + whole.size() / 2);
    };
    CHECK(same(alone.y, both.y));
    CHECK(same(alone.dq, both.dq));
    CHECK(same(alone.dk, both.dk));
    CHECK(same(alone.dv, both.dv));
  });
}

TEST_CASE("attention survives large scores, and no position sees a later one", "[device]") {
  on_each_isa([] {
    AttentionCase c({1, 90, 1, 1, 8}, 60, 50), changed = c;
    c.run();
    // Scores of several hundred: almost all rows are one-hot, and log_sum is about the largest score.
    CHECK(worst(c.y, std::vector<double>(c.y.begin(), c.y.end())) == 0);
    const int64_t from = 71 * 8;
    std::fill(changed.k.begin() + from, changed.k.end(), 1e30f);
    std::fill(changed.v.begin() + from, changed.v.end(), 1e30f);
    changed.run();
    CHECK(std::equal(c.y.begin(), c.y.begin() + from, changed.y.begin()));
    c.q[0] = NAN;
    c.run();
    CHECK(std::isnan(c.y[0]));
    CHECK_FALSE(std::isnan(c.y[8]));
    CHECK_THROWS_WITH(attention_forward({1, 1, 3, 2, 8}, 1, nullptr, nullptr, nullptr, nullptr, nullptr),
                      Catch::Contains("3 query heads cannot share 2 key heads"));
  });
}

}  // namespace
}  // namespace caddie::testing
