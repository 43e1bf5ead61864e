// SPDX-License-Identifier: Apache-2.0
// Stores a few bits for each weight and one scale for each row, rounded column by column: the columns that
// are not rounded yet make up for the error of each column, as far as H, the second moments of the inputs,
// lets them. For w [out, in]:
//   columns with H_jj = 0 get H_jj = 1 and w_j = 0;  H += damp mean(diag H) I;  columns by falling H_jj;
//   H^-1 = U^T U with U upper triangular;  n = 2^(bits - 1) - 1;
//   for each column i:  q = clamp(round(w_i / s), -n, n);  w_k -= (w_i - q s) / U_ii U_ik for all k > i
// The steps s of the rows come from
//   clip = "percentile":  s = half(max(quantile_p(|w|) / n, 1 / n)), with the p whose (w - q s)^2 is least
//                         on average;
//   clip = "deviation":   s = half(max(f width std(w) / n, 1e-10)), with f = 1 + hessian_share (r / r' - 1),
//                         r = mean_j |w_j| H_jj / mean(diag H), and r' the mean r of all rows.
// With the second clip some columns may get more bits, with n and s of their own.
// Without H every weight is rounded to its nearest, with steps from percentiles.
// Source: arXiv:2210.17323; github.com/openai/parameter-golf,
// records/track_10min_16mb/2026-03-25_ValCalib_GPTQ_* (percentiles), and later records (deviation).
#include <caddie/linalg.h>
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>
#include <numeric>
using namespace caddie;

namespace {

/// Holds how the columns of a weight become integers.
struct Grids {
  std::vector<Grid> rows = {};     // one for each row
  std::vector<Grid> fine = {};     // the same for columns with more bits; empty when there are none
  std::vector<bool> is_fine = {};  // by column; empty when there are none

  const std::vector<Grid>& of(int64_t column) const {
    return !is_fine.empty() && is_fine[size_t(column)] ? fine : rows;
  }
};

/// Holds the columns of a weight in the order in which they are rounded, each one contiguous, and U.
struct Problem {
  int64_t rows, columns;
  std::vector<int64_t> order;   // where each column stands in the weight
  std::vector<float> diagonal;  // the diagonal of H after damping, by place in the weight
  Tensor weight;                // the columns in this order, [columns, rows]
  Tensor upper;                 // U, [columns, columns]
};

struct Rounding {
  std::vector<int8_t> integers;  // the rounded weights, [columns, rows]
  double error = 0;              // the sum of (w - q s)^2
};

double dot(const double* a, const double* b, int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

// So many rows are worked on together, so that the others are read once for all of them.
constexpr int64_t kGroup = 8;

/// Replaces the upper half of a [n, n] by the upper triangular R with a = R R^T. Throws Error naming the
/// weight when a is singular.
void factorize(std::vector<double>& a, int64_t n, const std::string& name) {
  auto at = [&](int64_t i, int64_t j) -> double& { return a[size_t(i * n + j)]; };
  for (int64_t end = n; end > 0; end = std::max<int64_t>(0, end - kGroup)) {
    int64_t begin = std::max<int64_t>(0, end - kGroup);
    for (int64_t i = 0; i < end; ++i)
      for (int64_t j = std::max(i, begin); j < end; ++j)
        at(i, j) -= end < n ? dot(&at(i, end), &at(j, end), n - end) : 0;
    for (int64_t j = end - 1; j >= begin; --j) {
      for (int64_t k = j + 1; k < end; ++k) at(j, j) -= at(j, k) * at(j, k);
      check(at(j, j) > 0, "gptq: the second moments of the inputs of {} are singular; raise damp", name);
      at(j, j) = std::sqrt(at(j, j));
      for (int64_t i = 0; i < j; ++i) {
        for (int64_t k = j + 1; k < end; ++k) at(i, j) -= at(i, k) * at(j, k);
        at(i, j) /= at(j, j);
      }
    }
  }
}

/// Returns R^-1, which is upper triangular like R [n, n].
Tensor invert(const std::vector<double>& r, int64_t n) {
  Tensor inverse({n, n});
  std::vector<double> rows(size_t(kGroup * n));
  for (int64_t begin = 0; begin < n; begin += kGroup) {
    int64_t end = std::min(n, begin + kGroup);
    std::fill(rows.begin(), rows.end(), 0);
    for (int64_t i = begin; i < end; ++i) rows[size_t((i - begin) * n + i)] = 1;
    for (int64_t k = begin; k < n; ++k) {
      const double* factor = &r[size_t(k * n)];
      for (int64_t i = begin; i < std::min(end, k + 1); ++i) {
        double* row = &rows[size_t((i - begin) * n)];
        double x = row[k] /= factor[k];
#pragma omp simd
        for (int64_t j = k + 1; j < n; ++j) row[j] -= x * factor[j];
      }
    }
    for (int64_t i = begin; i < end; ++i)
      for (int64_t j = i; j < n; ++j) inverse.data()[i * n + j] = float(rows[size_t((i - begin) * n + j)]);
  }
  return inverse;
}

}  // namespace

struct Gptq final : Quantizer {
  int bits = 6, block = 128;
  double damp = 0.01, width = 12.85, hessian_share = 0;
  std::string clip = "percentile";
  std::vector<double> percentiles = {0.999, 0.9995, 0.9999, 0.99999, 1};  // The first wins among equals.

  void settings(Settings& s) override {
    s("bits", bits, "bits of a weight", between(2, 8));
    s("block", block, "columns rounded before what they leave reaches all others", at_least(1));
    s("damp", damp, "share of the mean of H's diagonal that is added to it, besides that of calibration",
      between(0, 1));
    s("clip", clip, "where the steps of the rows come from", one_of("percentile", "deviation"));
    s("percentiles", percentiles, "quantiles of a row's magnitudes to try, rising", between(0, 1));
    s("width", width, "standard deviations of a row that its grid spans on each side", between(0.1, 1000));
    s("hessian_share", hessian_share, "how much wider a grid is for rows that matter more", between(0, 1));
  }
  void validate(const Shapes&) const override { check_rising(percentiles); }
  bool wants_hessian() const override { return true; }

  int raisable_bits() const override { return clip == "deviation" ? bits : 0; }

  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor* hessian) override {
    return pack_finer(weight, info, hessian, {});
  }
  Packed pack_finer(const Tensor& weight, const WeightInfo& info, const Tensor* hessian,
                    const FineColumns& fine) override {
    Rows rows(weight, info);
    if (!rows.matrix() || !hessian || weight.numel() == 0)
      return pack_rows(rows, least_error_grids(rows, percentiles, bits, false), Type::kFloat16);
    int64_t in = weight.shape()[1];
    check(hessian->shape() == Shape{in, in}, "gptq: {} is {}, its inputs' second moments are {}", info.name,
          weight.shape(), hessian->shape());
    Problem problem = prepare(rows, on_host(*hessian), info.name);
    std::vector<Grids> candidates;
    if (clip == "percentile")
      for (std::vector<Grid>& grids : grids_at_percentiles(rows, percentiles, bits))
        candidates.push_back({std::move(grids)});
    else
      candidates.push_back({grids_by_deviation(rows, problem, bits)});
    if (!fine.columns.empty()) raise(candidates[0], rows, problem, fine);
    std::vector<Rounding> roundings(candidates.size());
    parallel_for(int(candidates.size()),
                 [&](int i) { roundings[size_t(i)] = round(problem, candidates[size_t(i)]); });
    auto best = std::min_element(roundings.begin(), roundings.end(),
                                 [](const Rounding& a, const Rounding& b) { return a.error < b.error; });
    const Grids& grids = candidates[size_t(best - roundings.begin())];
    Packed packed = pack_integers(rows, in_place(problem, best->integers), grids.rows, Type::kFloat16);
    if (!fine.columns.empty()) add_fine_columns(packed, fine, grids.fine);
    return packed;
  }
  void unpack(const Packed& packed, Tensor& weight) const override { unpack_rows(packed, weight); }

  /// Damps H, puts the columns in order, and finds U.
  Problem prepare(const Rows& rows, const Tensor& hessian, const std::string& name) const {
    int64_t n = hessian.shape()[0];
    Problem problem = {rows.count(), n, {}, {}, Tensor({n, rows.count()}), {}};
    std::vector<float>& diagonal = problem.diagonal;
    std::vector<bool> dead;
    for (int64_t j = 0; j < n; ++j) {
      float moment = hessian.data()[j * n + j];
      dead.push_back(moment == 0);
      diagonal.push_back(moment == 0 ? 1 : moment);
    }
    double mean = std::accumulate(diagonal.begin(), diagonal.end(), 0.0) / double(n);
    for (float& moment : diagonal) moment += float(damp * mean);

    problem.order.resize(size_t(n));
    std::iota(problem.order.begin(), problem.order.end(), 0);
    std::stable_sort(problem.order.begin(), problem.order.end(),
                     [&](int64_t a, int64_t b) { return diagonal[size_t(a)] > diagonal[size_t(b)]; });
    std::vector<double> permuted(size_t(n * n));
    for (int64_t i = 0; i < n; ++i) {
      int64_t from = problem.order[size_t(i)];
      for (int64_t j = 0; j < n; ++j)
        permuted[size_t(i * n + j)] = hessian.data()[from * n + problem.order[size_t(j)]];
      permuted[size_t(i * n + i)] = diagonal[size_t(from)];
      if (dead[size_t(from)]) continue;
      for (int64_t r = 0; r < rows.count(); ++r)
        problem.weight.data()[i * rows.count() + r] = rows.row(r)[size_t(from)];
    }
    factorize(permuted, n, name);
    problem.upper = invert(permuted, n);
    return problem;
  }

  /// Gives some columns grids of their own.
  void raise(Grids& grids, const Rows& rows, const Problem& problem, const FineColumns& fine) const {
    grids.fine = grids_by_deviation(rows, problem, fine.bits);
    grids.is_fine.resize(size_t(problem.columns));
    for (const Columns& columns : fine.columns)
      std::fill(grids.is_fine.begin() + columns.begin, grids.is_fine.begin() + columns.end, true);
  }

  /// Returns the grid of each row for clip = "deviation", for numbers of so many bits.
  std::vector<Grid> grids_by_deviation(const Rows& rows, const Problem& problem, int bits_of_number) const {
    int levels = top_level(bits_of_number);
    double mean_moment = 0, mean_weight = 0;
    for (float moment : problem.diagonal) mean_moment += double(moment) / double(problem.columns);
    std::vector<double> deviations, importance;
    for (int64_t r = 0; r < rows.count(); ++r) {
      double sum = 0, squares = 0, weighed = 0;
      for (float w : rows.row(r)) sum += double(w);
      double mean = sum / double(problem.columns);
      for (size_t j = 0; j < problem.diagonal.size(); ++j) {
        double w = double(rows.row(r)[j]);
        squares += (w - mean) * (w - mean);
        weighed += std::abs(w) * double(problem.diagonal[j]) / mean_moment;
      }
      deviations.push_back(std::sqrt(squares / double(std::max<int64_t>(1, problem.columns - 1))));
      importance.push_back(weighed / double(problem.columns));
      mean_weight += importance.back() / double(rows.count());
    }
    std::vector<Grid> grids;
    for (size_t r = 0; r < deviations.size(); ++r) {
      double relative = mean_weight > 0 ? importance[r] / mean_weight : 1;
      double step = width * deviations[r] * (1 + hessian_share * (relative - 1)) / levels;
      float stored = nearest_half(std::max(float(step), 1e-10f));
      // A row of one column, or of equal weights, does not deviate; its grid reaches to its largest weight.
      if (stored == 0)
        stored = nearest_half(std::ranges::max(magnitudes(rows.row(int64_t(r)))) / float(levels));
      grids.push_back({stored, -levels, levels});
    }
    return grids;
  }

  /// Rounds all columns in the order of the problem, in blocks whose errors reach later blocks at once.
  Rounding round(const Problem& problem, const Grids& all) const {
    int64_t rows = problem.rows, columns = problem.columns;
    Tensor work = clone(problem.weight), lost({std::min<int64_t>(block, columns), rows});
    Rounding rounding{std::vector<int8_t>(size_t(rows * columns))};
    for (int64_t begin = 0; begin < columns; begin += block) {
      int64_t end = std::min(columns, begin + block);
      for (int64_t i = begin; i < end; ++i) {
        const float* u = problem.upper.data() + i * columns;
        float* w = work.data() + i * rows;
        float* e = lost.data() + (i - begin) * rows;
        int8_t* q = rounding.integers.data() + i * rows;
        const std::vector<Grid>& grids = all.of(problem.order[size_t(i)]);
        for (int64_t r = 0; r < rows; ++r) {
          const Grid& grid = grids[size_t(r)];
          float units = grid.step > 0 ? clamp(w[r] / grid.step, float(grid.low), float(grid.high)) : 0;
          float rounded = round_even(units);
          q[r] = int8_t(rounded);
          e[r] = (w[r] - rounded * grid.step) / u[i];
          double error = double(problem.weight.data()[i * rows + r] - rounded * grid.step);
          rounding.error += error * error;
        }
        for (int64_t j = i + 1; j < end; ++j)
#pragma omp simd
          for (int64_t r = 0; r < rows; ++r) work.data()[j * rows + r] -= u[j] * e[r];
      }
      spread(problem, lost, begin, end, work);
    }
    return rounding;
  }

  /// Subtracts what the columns [begin, end) lost, times U, from all columns after them.
  static void spread(const Problem& problem, const Tensor& lost, int64_t begin, int64_t end, Tensor& work) {
    int64_t rest = problem.columns - end, count = end - begin;
    if (rest == 0) return;
    Tensor panel({count, rest});
    for (int64_t i = 0; i < count; ++i)
      std::copy_n(problem.upper.data() + (begin + i) * problem.columns + end, rest, panel.data() + i * rest);
    Tensor errors({count, problem.rows}, lost.data(), Device::kCpu);
    Tensor after({rest, problem.rows}, work.data() + end * problem.rows, Device::kCpu);
    multiply(panel, true, errors, false, after, -1, 1);
  }

  /// Returns the integers as [rows, columns], with the columns back in their places.
  static std::vector<int8_t> in_place(const Problem& problem, std::span<const int8_t> integers) {
    std::vector<int8_t> placed(integers.size());
    for (int64_t i = 0; i < problem.columns; ++i)
      for (int64_t r = 0; r < problem.rows; ++r)
        placed[size_t(r * problem.columns + problem.order[size_t(i)])] =
            integers[size_t(i * problem.rows + r)];
    return placed;
  }
};

CADDIE_PLUGIN(Gptq, .summary = "A few bits a weight; later columns make up for the rounding of earlier ones.",
              .source = "arXiv:2210.17323; github.com/openai/parameter-golf, 2026-03-25_ValCalib_GPTQ");
