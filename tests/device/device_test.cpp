// SPDX-License-Identifier: Apache-2.0
// Matrix products and attention against double references, on every instruction set that the processor has.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "device/attention.h"
#include "device/cpu/kernels.h"
#include "device/gemm.h"

namespace caddie {
namespace {

using Floats = std::vector<float>;

Floats random_floats(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Floats values(count);
  for (float& x : values) x = normal(generator);
  return values;
}

/// Runs `body` once on each instruction set, and restores the one in use.
template <class Body>
void on_each_isa(Body body) {
  const CpuKernels& before = cpu_kernels();
  for (const char* name : {"v3", "v4"}) {
    const CpuKernels* kernels = find_cpu_kernels(name);
    if (kernels == nullptr) {
      WARN("this processor lacks x86-64-" << name);
      continue;
    }
    use_cpu_kernels(*kernels);
    INFO("instruction set " << name);
    CHECK(isa_name() == std::string(name));
    body();
  }
  use_cpu_kernels(before);
}

TEST_CASE("the best instruction set is chosen unless one is named", "[device]") {
  CHECK(choose_cpu_kernels("v3").name == std::string("v3"));
  CHECK(choose_cpu_kernels(nullptr).name == std::string(find_cpu_kernels("v4") ? "v4" : "v3"));
  CHECK(choose_cpu_kernels("").name == choose_cpu_kernels(nullptr).name);
  CHECK_THROWS_WITH(choose_cpu_kernels("v5"), Catch::Contains("\"v5\" is not an instruction set"));
}

/// op(x)[rows,columns] stored with `margin` unused floats after each row.
struct Stored {
  Transpose transpose;
  int64_t stride;
  Floats values;
  Stored(Transpose t, int64_t rows, int64_t columns, int64_t margin, unsigned seed)
      : transpose(t),
        stride((t == Transpose::kYes ? rows : columns) + margin),
        values(random_floats((t == Transpose::kYes ? columns : rows) * stride, seed)) {}
  float at(int64_t row, int64_t column) const {
    return transpose == Transpose::kYes ? values[column * stride + row] : values[row * stride + column];
  }
};

struct Size {
  int64_t m, n, k;
};

/// The error of c against a double reference, relative to the sum of the magnitudes of the terms.
double worst_error(const Size& s, double alpha, const Stored& a, const Stored& b, double beta,
                   const Stored& old, const Floats& c) {
  double worst = 0;
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t j = 0; j < s.n; ++j) {
      double sum = 0, magnitude = 0;
      for (int64_t k = 0; k < s.k; ++k) {
        const double term = double(a.at(i, k)) * b.at(k, j);
        sum += term;
        magnitude += std::abs(term);
      }
      const double wanted = alpha * sum + (beta == 0 ? 0 : beta * old.at(i, j));
      const double unit = std::abs(alpha) * magnitude + std::abs(beta * old.at(i, j)) + 1e-30;
      worst = std::max(worst, std::abs(c[i * old.stride + j] - wanted) / unit);
    }
  }
  return worst;
}

constexpr Transpose kBoth[] = {Transpose::kNo, Transpose::kYes};

TEST_CASE("gemm equals a double reference", "[device]") {
  const Size sizes[] = {{1, 1, 1},    {1, 33, 7},   {14, 32, 16},  {6, 16, 256},   {13, 31, 17},
                        {77, 45, 33}, {64, 96, 64}, {31, 77, 257}, {120, 530, 40}, {2, 600, 300}};
  on_each_isa([&] {
    for (const Size& s : sizes) {
      for (Transpose ta : kBoth) {
        for (Transpose tb : kBoth) {
          for (auto [alpha, beta] : {std::pair(1.0f, 0.0f), {1.0f, 1.0f}, {-0.5f, 0.25f}}) {
            const Stored a(ta, s.m, s.k, 3, 1), b(tb, s.k, s.n, 5, 2), old(Transpose::kNo, s.m, s.n, 2, 3);
            Floats c = old.values;
            if (beta == 0) {
              for (int64_t i = 0; i < s.m; ++i) std::fill_n(&c[i * old.stride], s.n, NAN);
            }
            gemm(ta, tb, s.m, s.n, s.k, alpha, a.values.data(), a.stride, b.values.data(), b.stride, beta,
                 c.data(), old.stride);
            INFO(s.m << " x " << s.n << " x " << s.k << ", transposed " << int(ta) << int(tb) << ", beta "
                     << beta);
            // A chain of k additions errs by at most k/2 ulp of the sum of magnitudes, and by far less at
            // random.
            CHECK(worst_error(s, alpha, a, b, beta, old, c) < 4e-7);
            for (int64_t i = 0; i < s.m; ++i) {
              for (int64_t j = s.n; j < old.stride; ++j) REQUIRE(c[i * old.stride + j] == old.at(i, j));
            }
          }
        }
      }
    }
  });
}

TEST_CASE("gemm of an empty product only scales", "[device]") {
  on_each_isa([] {
    Floats c = {1, 2, 3, 4};
    gemm(Transpose::kNo, Transpose::kNo, 2, 2, 0, 1, nullptr, 1, nullptr, 2, 0.5f, c.data(), 2);
    CHECK(c == Floats{0.5f, 1, 1.5f, 2});
    gemm(Transpose::kNo, Transpose::kYes, 0, 2, 3, 1, nullptr, 3, c.data(), 1, 0, nullptr, 2);
    gemm(Transpose::kNo, Transpose::kYes, 2, 0, 3, 1, c.data(), 1, nullptr, 3, 0, nullptr, 0);
    CHECK(c == Floats{0.5f, 1, 1.5f, 2});
    c[0] = NAN;
    gemm(Transpose::kNo, Transpose::kNo, 2, 2, 0, 1, nullptr, 1, nullptr, 2, 0, c.data(), 2);
    CHECK(c == Floats(4, 0));
  });
}

TEST_CASE("a packed matrix gives the bits of gemm", "[device]") {
  on_each_isa([] {
    PackedMatrix packed;
    for (const Size& s : {Size{33, 530, 300}, Size{5, 31, 16}, Size{64, 64, 0}}) {
      for (Transpose ta : kBoth) {
        for (Transpose tb : kBoth) {
          const Stored a(ta, s.m, s.k, 1, 4), b(tb, s.k, s.n, 2, 5);
          Floats plain = random_floats(s.m * s.n, 6), with_packed = plain;
          gemm(ta, tb, s.m, s.n, s.k, 0.5f, a.values.data(), a.stride, b.values.data(), b.stride, 1,
               plain.data(), s.n);
          packed.pack(tb, s.k, s.n, b.values.data(), b.stride);
          gemm_packed(ta, s.m, s.n, s.k, 0.5f, a.values.data(), a.stride, packed, 1, with_packed.data(), s.n);
          CHECK(plain == with_packed);
        }
      }
    }
    Floats nothing(64);
    CHECK_THROWS_WITH(
        gemm_packed(Transpose::kNo, 1, 3, 64, 1, nothing.data(), 64, packed, 0, nothing.data(), 3),
        Catch::Contains("packed as [0,64], wanted [64,3]"));
  });
}

TEST_CASE("gemm gives a row the same bits wherever it lies", "[device]") {
  const Size s{101, 77, 513};
  Floats first;
  on_each_isa([&] {
    for (Transpose ta : kBoth) {
      const Stored a(Transpose::kNo, s.m, s.k, 0, 7), b(Transpose::kNo, s.k, s.n, 0, 8);
      Floats stored = a.values;
      if (ta == Transpose::kYes) {
        for (int64_t i = 0; i < s.m; ++i) {
          for (int64_t k = 0; k < s.k; ++k) stored[k * s.m + i] = a.at(i, k);
        }
      }
      const int64_t lda = ta == Transpose::kYes ? s.m : s.k;
      Floats split(s.m * s.n);
      for (int64_t row = 0, rows = 1; row < s.m; row += rows, rows = std::min(s.m - row, rows + 9)) {
        gemm(ta, Transpose::kNo, rows, s.n, s.k, 1, &stored[ta == Transpose::kYes ? row : row * lda], lda,
             b.values.data(), s.n, 0, &split[row * s.n], s.n);
      }
      Floats whole(s.m * s.n);
      gemm(ta, Transpose::kNo, s.m, s.n, s.k, 1, stored.data(), lda, b.values.data(), s.n, 0, whole.data(),
           s.n);
      CHECK(split == whole);
      if (first.empty()) first = whole;
      CHECK(whole == first);  // neither transposition nor the instruction set matters
    }
  });
}

TEST_CASE("syrk equals gemm and is symmetric to the bit", "[device]") {
  on_each_isa([] {
    for (auto [m, k] : {std::pair(1, 5), {33, 40}, {77, 0}, {128, 300}, {531, 9}}) {
      const Floats a = random_floats(int64_t(m) * (k + 2), 9);
      Floats c(m * m), wanted(m * m);
      const Floats b = random_floats(m * m, 10);
      for (int i = 0; i < m; ++i) {
        for (int j = 0; j < m; ++j) c[i * m + j] = wanted[i * m + j] = b[i * m + j] + b[j * m + i];
      }
      for (float beta : {0.5f, 0.0f}) {
        syrk(m, k, 2, a.data(), k + 2, beta, c.data(), m);
        gemm(Transpose::kNo, Transpose::kYes, m, m, k, 2, a.data(), k + 2, a.data(), k + 2, beta,
             wanted.data(), m);
        CHECK(c == wanted);
      }
    }
  });
}

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
AttentionReference reference(const AttentionCase& c) {
  const auto [batch, length, heads, kv_heads, d, first] = c.shape;
  REQUIRE(first == 0);
  AttentionReference r{std::vector<double>(c.queries()), std::vector<double>(c.log_sum.size()),
                       std::vector<double>(c.queries()), std::vector<double>(c.keys()),
                       std::vector<double>(c.keys())};
  for (int64_t row = 0; row < batch * heads * length; ++row) {
    const int64_t t = row % length, h = row / length % heads, b = row / length / heads;
    const int64_t query = ((b * length + t) * heads + h) * d;
    const auto key = [&](int64_t s) { return ((b * length + s) * kv_heads + h / (heads / kv_heads)) * d; };
    std::vector<double> p(t + 1), dp(t + 1);
    double sum = 0, dot = 0;
    for (int64_t s = 0; s <= t; ++s) {
      for (int i = 0; i < d; ++i) p[s] += double(c.q[query + i]) * c.k[key(s) + i] * c.scale;
      sum += p[s] = std::exp(p[s]);
    }
    r.log_sum[row] = std::log(sum);
    for (int64_t s = 0; s <= t; ++s) {
      p[s] /= sum;
      for (int i = 0; i < d; ++i) {
        r.y[query + i] += p[s] * c.v[key(s) + i];
        r.dv[key(s) + i] += p[s] * c.dy[query + i];
        dp[s] += double(c.dy[query + i]) * c.v[key(s) + i];
      }
      dot += p[s] * dp[s];
    }
    for (int64_t s = 0; s <= t; ++s) {
      for (int i = 0; i < d; ++i) {
        r.dq[query + i] += p[s] * (dp[s] - dot) * c.scale * c.k[key(s) + i];
        r.dk[key(s) + i] += p[s] * (dp[s] - dot) * c.scale * c.q[query + i];
      }
    }
  }
  return r;
}

/// Largest difference, relative to the largest magnitude.
double worst(const Floats& values, const std::vector<double>& wanted) {
  double difference = 0, magnitude = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (std::isnan(values[i])) return INFINITY;
    difference = std::max(difference, std::abs(values[i] - wanted[i]));
    magnitude = std::max(magnitude, std::abs(wanted[i]));
  }
  return difference / (magnitude + 1e-30);
}

TEST_CASE("attention and its gradients equal a double reference", "[device]") {
  const AttentionShape shapes[] = {
      {1, 1, 1, 1, 8},   {2, 6, 4, 2, 16},   {1, 63, 2, 1, 5},   {2, 64, 2, 2, 32}, {1, 65, 3, 1, 64},
      {1, 77, 2, 1, 33}, {1, 256, 4, 2, 32}, {2, 130, 2, 1, 48}, {1, 200, 1, 1, 1}, {1, 300, 2, 1, 130}};
  for (const AttentionShape& shape : shapes) {
    const float scale = 1 / std::sqrt(float(shape.head_dim));
    AttentionCase first(shape, scale, 20);
    const AttentionReference wanted = reference(first);
    bool ran = false;
    on_each_isa([&] {
      AttentionCase c(shape, scale, 20);
      c.run();
      INFO("T " << shape.length << ", H " << shape.heads << ", K " << shape.kv_heads << ", D "
                << shape.head_dim);
      CHECK(worst(c.y, wanted.y) < 2e-6);
      CHECK(worst(c.log_sum, wanted.log_sum) < 2e-6);
      CHECK(worst(c.dq, wanted.dq) < 1e-5);
      CHECK(worst(c.dk, wanted.dk) < 1e-5);
      CHECK(worst(c.dv, wanted.dv) < 1e-5);
      if (!ran) first = c;
      ran = true;
      CHECK(c.y == first.y);  // the instruction set does not matter
      CHECK((c.dq == first.dq && c.dk == first.dk && c.dv == first.dv));
    });
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
}  // namespace caddie
