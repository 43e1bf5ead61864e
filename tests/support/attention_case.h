// SPDX-License-Identifier: Apache-2.0
// Attention with everything that it reads and writes, and a double reference to compare it with.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "device/attention.h"
#include "support/each_isa.h"

namespace caddie::testing {

/// Everything that attention reads and writes.
struct AttentionCase {
  AttentionShape shape;
  float scale;
  Floats q, k, v, dy, y, log_sum, dq, dk, dv;
  AttentionCase(AttentionShape s, float factor, unsigned seed)
      : shape(s),
        scale(factor),
        q(random_floats(queries(), seed)),
        k(random_floats(keys(), seed + 1)),
        v(random_floats(keys(), seed + 2)),
        dy(random_floats(queries(), seed + 3)),
        y(queries(), NAN),
        log_sum(s.batch * s.heads * s.length, NAN),
        dq(queries()),
        dk(keys()),
        dv(keys()) {}
  int64_t queries() const { return shape.batch * shape.length * shape.heads * shape.head_dim; }
  int64_t keys() const { return shape.batch * shape.length * shape.kv_heads * shape.head_dim; }
  void run() {
    attention_forward(shape, scale, q.data(), k.data(), v.data(), y.data(), log_sum.data());
    attention_backward(shape, scale, q.data(), k.data(), v.data(), y.data(), log_sum.data(), dy.data(),
                       dq.data(), dk.data(), dv.data());
  }
};

struct AttentionReference {
  std::vector<double> y, log_sum, dq, dk, dv;
};

/// Softmax attention and its gradients by the textbook, in double.
inline AttentionReference reference(const AttentionCase& c) {
  const auto [batch, length, heads, kv_heads, d, first, first_seen] = c.shape;
  REQUIRE(first == 0);
  AttentionReference r{std::vector<double>(c.queries()), std::vector<double>(c.log_sum.size()),
                       std::vector<double>(c.queries()), std::vector<double>(c.keys()),
                       std::vector<double>(c.keys())};
  for (int64_t row = 0; row < batch * heads * length; ++row) {
    const int64_t t = row % length, h = row / length % heads, b = row / length / heads;
    const int64_t query = ((b * length + t) * heads + h) * d;
    const int64_t of_head = h / (heads / kv_heads) * d, first_key = b * length * kv_heads * d + of_head;
    const int64_t stride = int64_t(kv_heads) * d;
    const auto key = [first_key, stride](int64_t s) { return first_key + s * stride; };
    const int64_t seen = first_seen ? first_seen[b * length + t] : 0;
    std::vector<double> p(t + 1), dp(t + 1);
    double sum = 0, dot = 0;
    for (int64_t s = seen; s <= t; ++s) {
      for (int i = 0; i < d; ++i) p[s] += double(c.q[query + i]) * c.k[key(s) + i] * c.scale;
      sum += p[s] = std::exp(p[s]);
    }
    r.log_sum[row] = std::log(sum);
    for (int64_t s = seen; s <= t; ++s) {
      p[s] /= sum;
      for (int i = 0; i < d; ++i) {
        r.y[query + i] += p[s] * c.v[key(s) + i];
        r.dv[key(s) + i] += p[s] * c.dy[query + i];
        dp[s] += double(c.dy[query + i]) * c.v[key(s) + i];
      }
      dot += p[s] * dp[s];
    }
    for (int64_t s = seen; s <= t; ++s) {
      for (int i = 0; i < d; ++i) {
        r.dq[query + i] += p[s] * (dp[s] - dot) * c.scale * c.k[key(s) + i];
        r.dk[key(s) + i] += p[s] * (dp[s] - dot) * c.scale * c.q[query + i];
      }
    }
  }
  return r;
}

/// Largest difference, relative to the largest magnitude.
inline double worst(const Floats& values, const std::vector<double>& wanted) {
  double difference = 0, magnitude = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::isnan(values[i])) return INFINITY;
    difference = std::max(difference, std::abs(values[i] - wanted[i]));
    magnitude = std::max(magnitude, std::abs(wanted[i]));
  }
  return difference / (magnitude + 1e-30);
}

/// Checks what attention gives for a case under each instruction set: near the reference, and the same bits.
inline void check_near_reference(const AttentionCase& prepared) {
  const AttentionReference wanted = reference(prepared);
  AttentionCase first = prepared;
  bool ran = false;
  on_each_isa([&] {
    AttentionCase c = prepared;
    c.run();
    CHECK(worst(c.y, wanted.y) < 2e-6);
    CHECK(worst(c.log_sum, wanted.log_sum) < 2e-6);
    CHECK(worst(c.dq, wanted.dq) < 1e-5);
    CHECK(worst(c.dk, wanted.dk) < 1e-5);
    CHECK(worst(c.dv, wanted.dv) < 1e-5);
    if (!ran) first = c;
    ran = true;
    CHECK(c.y == first.y);
    CHECK((c.dq == first.dq && c.dk == first.dk && c.dv == first.dv));
  });
}

}  // namespace caddie::testing
