// SPDX-License-Identifier: Apache-2.0
// Finds leading singular vectors by the Lanczos iteration on a^T a or a a^T, whichever is smaller, with every
// new vector made orthogonal to all before it, and the eigenvectors of what that leaves, a tridiagonal
// matrix. Source: Golub and Van Loan, Matrix Computations, 4th edition, sections 10.1 and 8.3.
#include <caddie/error.h>
#include <caddie/linalg.h>
#include <caddie/random.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace caddie {
namespace {

using Vector = std::vector<double>;

constexpr double kTolerance = 1e-10;  // of a residual, relative to the largest eigenvalue
constexpr double kRounding = 1e-15;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
double norm(const Vector& a) { return std::sqrt(dot(a, a)); }
void scale(Vector& a, double factor) {
  for (double& x : a) x *= factor;
}
void subtract(Vector& a, double factor, const Vector& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] -= factor * b[i];
}

/// Reads a matrix as it stands or transposed, so that it has no more columns than rows.
struct Tall {
  const float* data;
  int64_t rows, columns;  // as stored
  bool flipped;

  int64_t width() const { return flipped ? rows : columns; }
  /// Returns a x, as stored.
  Vector times(const Vector& x) const {
    Vector y(static_cast<size_t>(rows));
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = data + r * columns;
      double sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t c = 0; c < columns; ++c) sum += double(row[c]) * x[size_t(c)];
      y[size_t(r)] = sum;
    }
    return y;
  }
  /// Returns a^T y, as stored.
  Vector transposed_times(const Vector& y) const {
    Vector x(static_cast<size_t>(columns));
    for (int64_t r = 0; r < rows; ++r) {
      const float* row = data + r * columns;
      double factor = y[size_t(r)];
#pragma omp simd
      for (int64_t c = 0; c < columns; ++c) x[size_t(c)] += factor * double(row[c]);
    }
    return x;
  }
  /// Returns the product of the smaller square with v.
  Vector square_times(const Vector& v) const {
    return flipped ? times(transposed_times(v)) : transposed_times(times(v));
  }
};

/// Holds the eigenvalues of a symmetric matrix and its eigenvectors, one after the other, in the same order.
struct Eigen {
  Vector values;
  std::vector<Vector> vectors;
};

/// Turns the planes k and k + 1 of a tridiagonal matrix, and the vectors, so that z, which stands off the
/// diagonals below x, becomes 0.
void turn(Vector& diagonal, Vector& off, size_t k, double& x, double& z, bool first, Eigen& eigen) {
  double length = std::hypot(x, z), c = length > 0 ? x / length : 1, s = length > 0 ? z / length : 0;
  if (!first) off[k - 1] = length;
  double a = diagonal[k], b = off[k], d = diagonal[k + 1];
  diagonal[k] = c * c * a + 2 * c * s * b + s * s * d;
  diagonal[k + 1] = s * s * a - 2 * c * s * b + c * c * d;
  off[k] = c * s * (d - a) + (c * c - s * s) * b;
  x = off[k];
  if (k + 1 < off.size()) {
    z = s * off[k + 1];
    off[k + 1] *= c;
  }
  Vector &one = eigen.vectors[k], &other = eigen.vectors[k + 1];
  for (size_t i = 0; i < one.size(); ++i) {
    double p = one[i], q = other[i];
    one[i] = c * p + s * q;
    other[i] = c * q - s * p;
  }
}

/// Returns the eigenvalues and eigenvectors of the tridiagonal matrix, by implicit QR steps with Wilkinson's
/// shift.
Eigen eigen_of(Vector diagonal, Vector off) {
  size_t n = diagonal.size();
  Eigen eigen = {{}, std::vector<Vector>(n, Vector(n))};
  for (size_t i = 0; i < n; ++i) eigen.vectors[i][i] = 1;
  off.resize(n - 1);
  auto split = [&](size_t i) {
    return std::abs(off[i]) <= kRounding * (std::abs(diagonal[i]) + std::abs(diagonal[i + 1]));
  };
  for (size_t high = n - 1; high > 0;) {
    if (split(high - 1)) {
      off[--high] = 0;
      continue;
    }
    size_t low = high - 1;
    while (low > 0 && !split(low - 1)) --low;
    double half = (diagonal[high - 1] - diagonal[high]) / 2, b = off[high - 1];
    double shift = diagonal[high] - b * b / (half + std::copysign(std::hypot(half, b), half));
    double x = diagonal[low] - shift, z = off[low];
    for (size_t k = low; k < high; ++k) turn(diagonal, off, k, x, z, k == low, eigen);
  }
  eigen.values = std::move(diagonal);
  return eigen;
}

/// Runs the iteration on one matrix.
class Lanczos {
 public:
  Lanczos(const Tall& matrix, int rank) : matrix_(matrix), rank_(size_t(rank)), rng_(0, "low_rank") {}

  /// Returns the leading eigenvectors of the smaller square, by falling eigenvalues.
  std::vector<Vector> run() {
    auto width = size_t(matrix_.width());
    for (size_t look = std::min(width, 4 * rank_ + 16);; look = std::min(width, look + look / 4 + 1)) {
      while (basis_.size() < look && !exhausted()) step();
      Eigen eigen = eigen_of(diagonal_, off_);
      std::vector<size_t> order = leading(eigen);
      if (basis_.size() == width || exhausted() || settled(eigen, order)) return vectors(eigen, order);
    }
  }

 private:
  /// Tells whether the space has closed often enough to hold every copy of the leading eigenvalues.
  bool exhausted() const { return closed_ > rank_; }

  Vector fresh() {
    Vector v(size_t(matrix_.width()));
    for (double& x : v) x = rng_.normal();
    return v;
  }
  void orthogonalize(Vector& v) const {
    for (int pass = 0; pass < 2; ++pass)
      for (const Vector& q : basis_) subtract(v, dot(v, q), q);
  }

  void step() {
    if (basis_.empty()) next_ = fresh(), scale(next_, 1 / norm(next_));
    basis_.push_back(next_);
    next_ = matrix_.square_times(basis_.back());
    double size = norm(next_);
    largest_ = std::max(largest_, size);
    diagonal_.push_back(dot(next_, basis_.back()));
    orthogonalize(next_);
    double length = norm(next_);
    bool closes = length <= 1e-12 * largest_;
    off_.push_back(closes ? 0 : length);
    if (closes && basis_.size() < size_t(matrix_.width())) {
      ++closed_;
      next_ = fresh();
      orthogonalize(next_);
      length = norm(next_);
    }
    if (length > 0) scale(next_, 1 / length);
  }

  std::vector<size_t> leading(const Eigen& eigen) const {
    std::vector<size_t> order(eigen.values.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return eigen.values[a] > eigen.values[b]; });
    order.resize(std::min(order.size(), rank_));
    return order;
  }

  /// Tells whether the leading eigenvectors solve the whole problem. Where the space has just closed, others
  /// may still be outside.
  bool settled(const Eigen& eigen, const std::vector<size_t>& order) const {
    if (closed_ > 0 || order.size() < rank_) return false;
    return std::all_of(order.begin(), order.end(), [&](size_t k) {
      return off_.back() * std::abs(eigen.vectors[k].back()) <= kTolerance * eigen.values[order[0]];
    });
  }

  std::vector<Vector> vectors(const Eigen& eigen, const std::vector<size_t>& order) const {
    std::vector<Vector> found;
    for (size_t k : order) {
      Vector& v = found.emplace_back(size_t(matrix_.width()));
      for (size_t i = 0; i < basis_.size(); ++i) subtract(v, -eigen.vectors[k][i], basis_[i]);
    }
    return found;
  }

  const Tall& matrix_;
  size_t rank_, closed_ = 0;
  Rng rng_;
  std::vector<Vector> basis_;
  Vector next_, diagonal_, off_;
  double largest_ = 0;
};

}  // namespace

LowRank low_rank(const Tensor& given, int rank) {
  check(given.shape().rank() == 2 && rank >= 1, "low_rank: {} of rank {}; wanted a matrix and a rank from 1",
        given.shape(), rank);
  Tensor host = on_host(given);
  int64_t rows = host.shape()[0], columns = host.shape()[1];
  rank = int(std::min<int64_t>({rank, rows, columns}));
  LowRank product = {Tensor({rows, rank}), Tensor({rank, columns})};
  if (rank == 0) return product;
  Tall matrix = {host.data(), rows, columns, rows < columns};
  std::vector<Vector> found = Lanczos(matrix, rank).run();
  double largest = 0;
  for (size_t k = 0; k < found.size(); ++k) {
    // The other side's vectors are those that the matrix makes of these, as long as they are not zero.
    Vector other = matrix.flipped ? matrix.transposed_times(found[k]) : matrix.times(found[k]);
    double value = norm(other);
    largest = std::max(largest, value);
    if (value <= 1e-12 * largest) continue;
    Vector &left = matrix.flipped ? found[k] : other, &right = matrix.flipped ? other : found[k];
    if (matrix.flipped) {
      scale(left, value);
      scale(right, 1 / value);
    }
    double sign = *std::max_element(right.begin(), right.end(),
                                    [](double a, double b) { return std::abs(a) < std::abs(b); }) < 0
                      ? -1
                      : 1;
    for (int64_t i = 0; i < rows; ++i)
      product.left.data()[i * rank + int64_t(k)] = float(sign * left[size_t(i)]);
    for (int64_t i = 0; i < columns; ++i)
      product.right.data()[int64_t(k) * columns + i] = float(sign * right[size_t(i)]);
  }
  return product;
}

}  // namespace caddie
