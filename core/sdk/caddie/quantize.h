// SPDX-License-Identifier: Apache-2.0
// What quantizers share: weights as small integers with one scale a row, and quantiles.
#pragma once

#include <caddie/parallel.h>
#include <caddie/slots.h>

#include <limits>
#include <span>

namespace caddie {

/// The largest integer of a signed grid of `bits` bits: 31 for 6.
inline int top_level(int bits) { return (1 << (bits - 1)) - 1; }
/// The nearest half-precision number, as float32.
CADDIE_API float nearest_half(float x);

/// How one row becomes integers: q = clamp(round(clamp(w, -clip, clip) / step), low, high), half to even.
struct Grid {
  float step = 1;
  int low = 0, high = 0;
  float clip = std::numeric_limits<float>::infinity();
};

/// The rows that get a scale each: those of a matrix; of any other weight all numbers as one row.
class CADDIE_API Rows {
 public:
  /// Copies the weight to the host where needed. Throws Error naming the weight if a number is not finite.
  Rows(const Tensor& weight, const WeightInfo& info);
  bool matrix() const { return shape_.rank() == 2; }
  int64_t count() const { return matrix() ? shape_[0] : 1; }
  const Shape& shape() const { return shape_; }
  std::span<const float> row(int64_t r) const;

  /// Calls body(r, row(r)) once for each row, on the threads of the pool.
  template <class Body>
  void each(Body&& body) const {
    int blocks = block_count();
    parallel_for(blocks, [&](int block) {
      for (int64_t r = count() * block / blocks; r < count() * (block + 1) / blocks; ++r) body(r, row(r));
    });
  }

 private:
  int block_count() const;
  Shape shape_;
  Tensor host_;
};

/// Arrays "q" (int8, the shape of the weight) and "scale" (`scale_type`, one step a row; a scalar when there
/// is one row for all). The integers come from the exact steps, also where "scale" keeps only their halves.
CADDIE_API Packed pack_rows(const Rows& rows, std::span<const Grid> grids, Type scale_type);
/// The same arrays from integers that are there already, row by row.
CADDIE_API Packed pack_integers(const Rows& rows, std::span<const int8_t> integers,
                                std::span<const Grid> grids, Type scale_type);
/// weight = q * scale. Throws Error when the arrays do not fit the weight.
CADDIE_API void unpack_rows(const Packed& packed, Tensor& weight);
/// Sum of (w - q step)^2 over one row, in float64.
CADDIE_API double squared_error(std::span<const float> row, const Grid& grid);

/// |row|, in memory of this thread that stays until its next call.
CADDIE_API std::span<float> magnitudes(std::span<const float> row);
/// The quantiles of `values` at `ranks`, which must rise within [0, 1]: linear between neighbours in order,
/// to the bits of torch.quantile in float32; 0 when there are no values. Reorders the values.
CADDIE_API void quantiles(std::span<float> values, std::span<const double> ranks, std::span<float> results);
inline float quantile(std::span<float> values, double rank) {
  float result;
  quantiles(values, {&rank, 1}, {&result, 1});
  return result;
}

/// A row clipped at a quantile of its magnitudes, on a grid of `bits` bits:
///   c = quantile(|w|);  step = max(c / n, 1 / n) for a row of a matrix with n = 2^(bits - 1) - 1;
/// anything but a matrix has n = 127, no lower bound, and step 1 when c is 0. q lies in [-n, n].
CADDIE_API Packed pack_at_percentile(const Rows& rows, double percentile, int bits);

/// For each percentile p, rising, one grid a row: step = half(max(quantile_p(|w|) / n, 1 / n)) and q in
/// [-n, n], n = 2^(bits - 1) - 1. Throws Error unless there is a percentile and they rise.
CADDIE_API std::vector<std::vector<Grid>> grids_at_percentiles(const Rows& rows,
                                                               std::span<const double> percentiles, int bits);
/// Of these grids those whose squared error is least, of equals the first: chosen row by row, or by one
/// percentile for all rows. Anything but a matrix gets one grid from its largest magnitude, without a lower
/// bound.
CADDIE_API std::vector<Grid> least_error_grids(const Rows& rows, std::span<const double> percentiles,
                                               int bits, bool by_row);

/// One array "value" of kFloat32 or kFloat16. Throws Error naming the weight if a half cannot hold a number.
CADDIE_API Packed pack_floats(const Tensor& weight, const WeightInfo& info, Type type);
CADDIE_API void unpack_floats(const Packed& packed, Tensor& weight);
/// The numbers in an array of kFloat32 or kFloat16.
CADDIE_API std::vector<float> floats_of(const Array& array);

}  // namespace caddie
