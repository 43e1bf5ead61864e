// SPDX-License-Identifier: Apache-2.0
// Declares what quantizers share: weights as small integers with one scale for each row, and quantiles.
#pragma once

#include <caddie/export_slots.h>
#include <caddie/parallel.h>

#include <limits>
#include <span>

namespace caddie {

/// Returns the largest integer of a signed grid of `bits` bits, such as 31 for 6.
inline int top_level(int bits) { return (1 << (bits - 1)) - 1; }
/// Returns the nearest half-precision number as float32; ties go to even, overflow becomes infinity.
CADDIE_API float nearest_half(float x);

/// Says how one row becomes integers: q = clamp(round(clamp(w, -clip, clip) / step), low, high), where halves
/// round to even. A step of 0 gives q = 0.
struct Grid {
  float step = 1;
  int low = 0, high = 0;
  float clip = std::numeric_limits<float>::infinity();
};

/// Holds the rows that get a scale each: those of a matrix; the numbers of any other weight form one row.
class CADDIE_API Rows {
 public:
  /// Reads the weight, which it copies to the host where needed. Throws Error naming the weight if a number
  /// is not finite.
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

/// Returns the arrays "q" (int8, in the shape of the weight) and "scale" (`scale_type`, one step for each
/// row; a scalar unless the weight is a matrix). The integers come from the exact steps, also where "scale"
/// keeps only their halves.
CADDIE_API Packed pack_rows(const Rows& rows, std::span<const Grid> grids, Type scale_type);
/// Returns the same arrays as pack_rows, from integers that the caller has rounded, row by row.
CADDIE_API Packed pack_integers(const Rows& rows, std::span<const int8_t> integers,
                                std::span<const Grid> grids, Type scale_type);
/// Adds to the arrays of a matrix, whose "q" already holds finer integers in some columns, what these are to
/// be read with: "fine_scale" (float16, one step of `grids` for each row) and "fine_columns" (float32, [n,
/// 2], where each stretch of columns begins and ends).
CADDIE_API void add_fine_columns(Packed& packed, const FineColumns& fine, std::span<const Grid> grids);
/// Sets weight = q * scale, or q * fine_scale in the columns that add_fine_columns() named. Throws Error when
/// the arrays do not fit the weight.
CADDIE_API void unpack_rows(const Packed& packed, Tensor& weight);
/// Returns the sum of (w - q step)^2 over one row, added in float64.
CADDIE_API double squared_error(std::span<const float> row, const Grid& grid);

/// Returns the absolute values of a row, in memory of this thread that stays until its next call.
CADDIE_API std::span<float> magnitudes(std::span<const float> row);
/// Writes the quantiles of `values` at `ranks`, which must rise within [0, 1], into `results`: they are
/// linear between neighbours in order, have the bits of torch.quantile in float32, and are 0 when there are
/// no values. Reorders the values.
CADDIE_API void quantiles(std::span<float> values, std::span<const double> ranks, std::span<float> results);
/// Returns one quantile, as quantiles() does, and reorders the values.
inline float quantile(std::span<float> values, double rank) {
  float result;
  quantiles(values, {&rank, 1}, {&result, 1});
  return result;
}

/// Returns rows clipped at a quantile of their magnitudes, on a grid of `bits` bits:
///   c = quantile(|w|);  step = max(c / n, 1 / n) for a row of a matrix with n = 2^(bits - 1) - 1;
/// anything but a matrix has n = 127, no lower bound, and step 1 when c is 0. q lies in [-n, n]. Steps are
/// stored as halves for a matrix, else as float32.
CADDIE_API Packed pack_at_percentile(const Rows& rows, double percentile, int bits);

/// Throws Error unless there is a percentile and they rise.
CADDIE_API void check_rising(std::span<const double> percentiles);
/// Returns, for each percentile p in [0, 1], one grid for each row:
///   step = half(max(quantile_p(|w|) / n, 1 / n)), with q in [-n, n] and n = 2^(bits - 1) - 1.
/// Throws Error as check_rising() does.
CADDIE_API std::vector<std::vector<Grid>> grids_at_percentiles(const Rows& rows,
                                                               std::span<const double> percentiles, int bits);
/// Returns those of grids_at_percentiles() whose squared error is least, the first of equal ones. They are
/// chosen row by row if `by_row`, else all rows take the percentile whose sum of errors is least. Anything
/// but a matrix gets one grid from its largest magnitude, without a lower bound.
CADDIE_API std::vector<Grid> least_error_grids(const Rows& rows, std::span<const double> percentiles,
                                               int bits, bool by_row);

/// Returns one array "value" of kFloat32 or kFloat16. Throws Error naming the weight if a half cannot hold
/// one of its numbers.
CADDIE_API Packed pack_floats(const Tensor& weight, const WeightInfo& info, Type type);
/// Sets the weight to the array "value". Throws Error when it does not fit the weight.
CADDIE_API void unpack_floats(const Packed& packed, Tensor& weight);
/// Returns the numbers in an array of kFloat32 or kFloat16. Throws Error for an array of integers.
CADDIE_API std::vector<float> floats_of(const Array& array);

/// Returns integers with one scale for each group of `group` numbers that follow one another: the arrays
/// `name` (int8, of this shape) and `name`_scale (float16, one number for each group; a scalar where there is
/// one group):
///   s = half(max|x| / reach);  q = clamp(round(x / s), low, high), 0 where s is 0.
/// Throws Error unless the groups fill the numbers.
CADDIE_API Packed pack_groups(const std::string& name, std::span<const float> values, const Shape& shape,
                              int64_t group, float reach, int low, int high);
/// Returns the numbers that pack_groups() was given, whose shape must be this one. Throws Error when the
/// arrays are not there or do not fit.
CADDIE_API std::vector<float> unpack_groups(const Packed& packed, const std::string& name,
                                            const Shape& shape);

}  // namespace caddie
