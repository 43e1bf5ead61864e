// SPDX-License-Identifier: Apache-2.0
// The nearest product of low rank, against an independent computation: the eigenvalues of a^T a by Jacobi's
// rotations.
#include <caddie/error.h>
#include <caddie/linalg.h>
#include <caddie/random.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "support/gradient_check.h"
#include "tensor/same_bits.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// The eigenvalues of a^T a, falling.
std::vector<double> squares_of_singular_values(const Tensor& a) {
  auto m = size_t(a.shape()[0]), n = size_t(a.shape()[1]);
  std::vector<std::vector<double>> g(n, std::vector<double>(n));
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      for (size_t r = 0; r < m; ++r) g[i][j] += double(a.data()[r * n + i]) * double(a.data()[r * n + j]);
  for (int sweep = 0; sweep < 30; ++sweep)
    for (size_t p = 0; p < n; ++p)
      for (size_t q = p + 1; q < n; ++q) {
        double angle = 0.5 * std::atan2(2 * g[p][q], g[q][q] - g[p][p]), c = std::cos(angle),
               s = std::sin(angle);
        for (size_t k = 0; k < n; ++k) {
          double x = g[k][p], y = g[k][q];
          g[k][p] = c * x - s * y;
          g[k][q] = s * x + c * y;
        }
        for (size_t k = 0; k < n; ++k) {
          double x = g[p][k], y = g[q][k];
          g[p][k] = c * x - s * y;
          g[q][k] = s * x + c * y;
        }
      }
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(g[i][i]);
  std::sort(values.rbegin(), values.rend());
  return values;
}

/// The squared distance of a matrix from its product of low rank.
double lost(const Tensor& a, const LowRank& product) {
  Tensor rest = clone(a);
  multiply(product.left, false, product.right, false, rest, -1, 1);
  return squared_norm(rest);
}

double dot(const float* a, const float* b, int64_t count, int64_t stride_a, int64_t stride_b) {
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += double(a[i * stride_a]) * double(b[i * stride_b]);
  return sum;
}

}  // namespace

TEST_CASE("a product of low rank loses what the smaller singular values hold", "[tensor]") {
  for (const Shape& shape : {Shape{1, 1}, Shape{31, 7}, Shape{7, 31}, Shape{40, 40}, Shape{64, 33}})
    for (int rank : {1, 3, 50}) {
      INFO(shape.text() << " of rank " << rank);
      Tensor a = random_tensor(shape, "a");
      LowRank product = low_rank(a, rank);
      int64_t r = std::min<int64_t>({rank, shape[0], shape[1]});
      REQUIRE(product.left.shape() == Shape{shape[0], r});
      REQUIRE(product.right.shape() == Shape{r, shape[1]});
      std::vector<double> squares = squares_of_singular_values(a);
      double least = 0, all = 0;
      for (size_t i = 0; i < squares.size(); ++i) (i < size_t(r) ? all : least) += squares[i];
      CHECK(lost(a, product) == Approx(least).margin(1e-9 * all));
      for (int64_t k = 0; k < r; ++k) {
        const float* right = product.right.data() + k * shape[1];
        CHECK(dot(right, right, shape[1], 1, 1) == Approx(1));
        const float* left = product.left.data() + k;
        CHECK(dot(left, left, shape[0], r, r) == Approx(squares[size_t(k)]).margin(1e-6 * squares[0]));
        for (int64_t other = 0; other < k; ++other)
          CHECK(std::abs(dot(right, product.right.data() + other * shape[1], shape[1], 1, 1)) < 1e-5);
        CHECK(*std::max_element(right, right + shape[1],
                                [](float x, float y) { return std::abs(x) < std::abs(y); }) > 0);
      }
      CHECK(same_bits(product.left, low_rank(a, rank).left));
    }
}

TEST_CASE("equal singular values, few of them, and none are found", "[tensor]") {
  Tensor same({40, 40}), few({40, 30}), none({40, 30});
  for (int64_t i = 0; i < 40; ++i) same.data()[i * 41] = 2;
  LowRank product = low_rank(same, 5);
  CHECK(lost(same, product) == Approx(35 * 4));
  Tensor u = random_tensor({40, 2}, "u"), v = random_tensor({2, 30}, "v");
  multiply(u, false, v, false, few);
  product = low_rank(few, 4);
  CHECK(lost(few, product) < 1e-9 * squared_norm(few));
  CHECK(squared_norm(low_rank(none, 4).left) == 0);
  CHECK(squared_norm(low_rank(none, 4).right) == 0);
  CHECK_THROWS_AS(low_rank(Tensor({4}), 1), Error);
  CHECK_THROWS_AS(low_rank(none, 0), Error);
}
