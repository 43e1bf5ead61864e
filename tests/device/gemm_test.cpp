// SPDX-License-Identifier: Apache-2.0
// Matrix products against double references, on every instruction set.
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <vector>

#include "device/gemm.h"
#include "support/each_isa.h"

namespace caddie::testing {
namespace {

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

}  // namespace
}  // namespace caddie::testing
