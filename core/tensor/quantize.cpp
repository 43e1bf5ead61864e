// SPDX-License-Identifier: Apache-2.0
// Packs weights as integers with a scale for each row, chooses those scales, and unpacks them again.
#include <caddie/math.h>
#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace caddie {
namespace {

constexpr int64_t kBlock = 1 << 16;  // One thread takes at least this many numbers at a time.
constexpr int kVectorLevels = 127;   // This is the largest integer for weights that are no matrices.

// Returns the integer of w on the grid. It clamps to the grid's ends first, which are integers, so that the
// result is the same and round_even gets less than 2^22. A step of 0, from a row too small for its scale,
// gives 0.
float rounded(float w, const Grid& grid) {
  float units = clamp(w, -grid.clip, grid.clip) / grid.step;
  return grid.step > 0 ? round_even(clamp(units, float(grid.low), float(grid.high))) : 0;
}

/// Returns the array of this name. Throws Error when there is none, or its shape or size is not that of
/// `shape`.
const Array& array_called(const Packed& packed, std::string_view name, const Shape& shape) {
  for (const Array& array : packed)
    if (array.name == name) {
      check(array.shape == shape && array.bytes.size() == size_t(shape.numel() * bytes_of(array.type)),
            "unpack: array \"{}\" has shape {} and {} bytes; the weight wants {}", name, array.shape,
            array.bytes.size(), shape);
      return array;
    }
  fail("unpack: there is no array \"{}\"", name);
}

/// Returns the array of this name, or null.
const Array* find_array(const Packed& packed, std::string_view name) {
  for (const Array& array : packed)
    if (array.name == name) return &array;
  return nullptr;
}

/// Returns an array of zeros.
Array array_of(const std::string& name, Type type, const Shape& shape) {
  return {name, type, shape, std::string(size_t(shape.numel() * bytes_of(type)), '\0')};
}

/// Writes the numbers to an array of float32 or float16.
void write_floats(std::span<const float> values, Array& array) {
  if (array.type == Type::kFloat32) {
    std::memcpy(array.bytes.data(), values.data(), values.size_bytes());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half = to_half(values[i]);
    std::memcpy(array.bytes.data() + 2 * i, &half, sizeof half);
  }
}

/// Reads the numbers of an array of float32 or float16. Throws Error for integers.
void read_floats(const Array& array, std::span<float> values) {
  check(array.type != Type::kInt8, "unpack: array \"{}\" holds integers, not floats", array.name);
  if (array.type == Type::kFloat32) {
    std::memcpy(values.data(), array.bytes.data(), values.size_bytes());
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half;
    std::memcpy(&half, array.bytes.data() + 2 * i, sizeof half);
    values[i] = from_half(half);
  }
}

/// Overwrites the columns that have steps of their own, if the arrays name some.
void unpack_fine_columns(const Packed& packed, const int8_t* integers, Tensor& host) {
  const Array* named = find_array(packed, "fine_columns");
  if (!named) return;
  check(host.shape().rank() == 2 && named->shape.rank() == 2,
        "unpack: a weight of shape {} has no columns that array \"fine_columns\" of shape {} could name",
        host.shape(), named->shape);
  int64_t rows = host.shape()[0], length = host.shape()[1], stretches = named->shape[0];
  std::vector<float> ends(size_t(2 * stretches)), steps(static_cast<size_t>(rows));
  read_floats(array_called(packed, "fine_columns", {stretches, 2}), ends);
  read_floats(array_called(packed, "fine_scale", {rows}), steps);
  for (size_t i = 0; i < ends.size(); i += 2) {
    bool inside = ends[i] >= 0 && ends[i] < ends[i + 1] && ends[i + 1] <= float(length);
    check(inside && ends[i] == std::floor(ends[i]) && ends[i + 1] == std::floor(ends[i + 1]),
          "unpack: array \"fine_columns\" names columns {} to {} of {}", ends[i], ends[i + 1], length);
    for (int64_t r = 0; r < rows; ++r)
      for (auto c = int64_t(ends[i]); c < int64_t(ends[i + 1]); ++c)
        host.data()[r * length + c] = float(integers[r * length + c]) * steps[size_t(r)];
  }
}

}  // namespace

std::vector<float> floats_of(const Array& array) {
  std::vector<float> values(size_t(array.shape.numel()));
  read_floats(array, values);
  return values;
}

float nearest_half(float x) { return from_half(to_half(x)); }

Rows::Rows(const Tensor& weight, const WeightInfo& info) : shape_(weight.shape()), host_(on_host(weight)) {
  const float* w = host_.data();
  for (int64_t i = 0; i < host_.numel(); ++i)
    if (!std::isfinite(w[i])) [[unlikely]]
      fail("quantize: element {} of {} is {}; only finite weights can be stored", i, info.name, w[i]);
}

std::span<const float> Rows::row(int64_t r) const {
  int64_t length = matrix() ? shape_[1] : shape_.numel();
  return {host_.data() + r * length, size_t(length)};
}

int Rows::block_count() const {
  return int(std::clamp<int64_t>(host_.numel() / kBlock, 1, std::max<int64_t>(count(), 1)));
}

Packed pack_rows(const Rows& rows, std::span<const Grid> grids, Type scale_type) {
  std::vector<int8_t> integers(size_t(rows.shape().numel()));
  rows.each([&](int64_t r, std::span<const float> row) {
    const Grid& grid = grids[size_t(r)];
    int8_t* out = integers.data() + r * int64_t(row.size());
    for (size_t i = 0; i < row.size(); ++i) out[i] = int8_t(rounded(row[i], grid));
  });
  return pack_integers(rows, integers, grids, scale_type);
}

Packed pack_integers(const Rows& rows, std::span<const int8_t> integers, std::span<const Grid> grids,
                     Type scale_type) {
  Array q = array_of("q", Type::kInt8, rows.shape());
  std::copy(integers.begin(), integers.end(), q.bytes.begin());
  std::vector<float> steps;
  for (const Grid& grid : grids) steps.push_back(grid.step);
  Array scale = array_of("scale", scale_type, rows.matrix() ? Shape{rows.count()} : Shape{});
  write_floats(steps, scale);
  return {std::move(q), std::move(scale)};
}

void add_fine_columns(Packed& packed, const FineColumns& fine, std::span<const Grid> grids) {
  std::vector<float> steps, ends;
  for (const Grid& grid : grids) steps.push_back(grid.step);
  for (const Columns& columns : fine.columns)
    ends.insert(ends.end(), {float(columns.begin), float(columns.end)});
  packed.push_back(array_of("fine_scale", Type::kFloat16, {int64_t(grids.size())}));
  write_floats(steps, packed.back());
  packed.push_back(array_of("fine_columns", Type::kFloat32, {int64_t(fine.columns.size()), 2}));
  write_floats(ends, packed.back());
}

void unpack_rows(const Packed& packed, Tensor& weight) {
  const Shape& shape = weight.shape();
  bool matrix = shape.rank() == 2;
  int64_t rows = matrix ? shape[0] : 1, length = matrix ? shape[1] : shape.numel();
  const Array& q = array_called(packed, "q", shape);
  check(q.type == Type::kInt8, "unpack: array \"q\" must hold integers");
  std::vector<float> scales(static_cast<size_t>(rows));
  read_floats(array_called(packed, "scale", matrix ? Shape{rows} : Shape{}), scales);
  Tensor host = on_host(weight);
  auto* integers = reinterpret_cast<const int8_t*>(q.bytes.data());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t i = r * length; i < (r + 1) * length; ++i)
      host.data()[i] = float(integers[i]) * scales[size_t(r)];
  unpack_fine_columns(packed, integers, host);
  if (host.data() != weight.data()) copy(host, weight);
}

double squared_error(std::span<const float> row, const Grid& grid) {
  constexpr size_t kPartial = 16;
  double part[kPartial] = {};
  for (size_t i = 0; i < row.size(); ++i) {
    double error = double(row[i] - rounded(row[i], grid) * grid.step);
    part[i % kPartial] += error * error;
  }
  double sum = 0;
  for (double p : part) sum += p;
  return sum;
}

std::span<float> magnitudes(std::span<const float> row) {
  thread_local std::vector<float> values;
  values.resize(row.size());
  for (size_t i = 0; i < row.size(); ++i) values[i] = std::abs(row[i]);
  return values;
}

void quantiles(std::span<float> values, std::span<const double> ranks, std::span<float> results) {
  if (values.empty()) {
    std::fill(results.begin(), results.end(), 0.0f);
    return;
  }
  auto sorted_from = values.begin();  // What lies before it is no larger than what follows.
  for (size_t i = 0; i < ranks.size(); ++i) {
    float position = float(ranks[i]) * float(values.size() - 1);
    auto below = values.begin() + std::min(int64_t(position), int64_t(values.size()) - 1);
    float share = position - std::floor(position);
    if (below >= sorted_from) {
      std::nth_element(sorted_from, below, values.end());
      sorted_from = below;
    }
    float a = *below, b = below + 1 < values.end() ? *std::min_element(below + 1, values.end()) : a;
    results[i] = share < 0.5f ? a + share * (b - a) : b - (b - a) * (1 - share);
  }
}

Packed pack_at_percentile(const Rows& rows, double percentile, int bits) {
  int levels = rows.matrix() ? top_level(bits) : kVectorLevels;
  std::vector<Grid> grids(size_t(rows.count()));
  rows.each([&](int64_t r, std::span<const float> row) {
    float clip = quantile(magnitudes(row), percentile), step = clip / float(levels);
    if (rows.matrix())
      step = std::max(step, 1.0f / float(levels));
    else if (clip == 0)
      step = 1;
    grids[size_t(r)] = {step, -levels, levels, clip};
  });
  return pack_rows(rows, grids, rows.matrix() ? Type::kFloat16 : Type::kFloat32);
}

void check_rising(std::span<const double> percentiles) {
  check(!percentiles.empty(), "percentiles is empty; name at least one number from 0 to 1");
  for (size_t i = 1; i < percentiles.size(); ++i)
    check(percentiles[i - 1] <= percentiles[i],
          "percentiles must rise, but {} is followed by {}; write the smaller one first", percentiles[i - 1],
          percentiles[i]);
}

std::vector<std::vector<Grid>> grids_at_percentiles(const Rows& rows, std::span<const double> percentiles,
                                                    int bits) {
  check_rising(percentiles);
  int levels = top_level(bits);
  float n = float(levels);
  std::vector<std::vector<Grid>> grids(percentiles.size(), std::vector<Grid>(size_t(rows.count())));
  rows.each([&](int64_t r, std::span<const float> row) {
    std::vector<float> clips(percentiles.size());
    quantiles(magnitudes(row), percentiles, clips);
    for (size_t p = 0; p < clips.size(); ++p)
      grids[p][size_t(r)] = {nearest_half(std::max(clips[p] / n, 1 / n)), -levels, levels};
  });
  return grids;
}

std::vector<Grid> least_error_grids(const Rows& rows, std::span<const double> percentiles, int bits,
                                    bool by_row) {
  std::vector<std::vector<Grid>> candidates = grids_at_percentiles(rows, percentiles, bits);
  if (!rows.matrix()) {
    int levels = top_level(bits);
    float largest = quantile(magnitudes(rows.row(0)), 1);
    return {Grid{nearest_half(largest > 0 ? largest / float(levels) : 1), -levels, levels}};
  }
  size_t tries = candidates.size();
  std::vector<double> errors(size_t(rows.count()) * tries), totals(tries);
  rows.each([&](int64_t r, std::span<const float> row) {
    for (size_t p = 0; p < tries; ++p)
      errors[size_t(r) * tries + p] = squared_error(row, candidates[p][size_t(r)]);
  });
  for (size_t i = 0; i < errors.size(); ++i) totals[i % tries] += errors[i];
  std::vector<Grid> chosen;
  for (size_t r = 0; r < size_t(rows.count()); ++r) {
    const double* error = by_row ? &errors[r * tries] : totals.data();
    chosen.push_back(candidates[size_t(std::min_element(error, error + tries) - error)][r]);
  }
  return chosen;
}

Packed pack_floats(const Tensor& weight, const WeightInfo& info, Type type) {
  Tensor host = on_host(weight);
  std::span<const float> values(host.data(), size_t(host.numel()));
  if (type == Type::kFloat16)
    for (float value : values)
      check(std::abs(value) < 65520, "quantize: {} holds {}; a half ends at 65504", info.name, value);
  Packed packed = {array_of("value", type, weight.shape())};
  write_floats(values, packed[0]);
  return packed;
}

void unpack_floats(const Packed& packed, Tensor& weight) {
  Tensor host = on_host(weight);
  read_floats(array_called(packed, "value", weight.shape()), {host.data(), size_t(host.numel())});
  if (host.data() != weight.data()) copy(host, weight);
}

Packed pack_groups(const std::string& name, std::span<const float> values, const Shape& shape, int64_t group,
                   float reach, int low, int high) {
  auto count = int64_t(values.size());
  check(group > 0 && count % group == 0 && count == shape.numel(),
        "quantize: groups of {} do not fill the {} numbers of \"{}\", whose shape is {}", group, count, name,
        shape);
  int64_t groups = count / group;
  Packed packed = {array_of(name, Type::kInt8, shape),
                   array_of(name + "_scale", Type::kFloat16, groups == 1 ? Shape{} : Shape{groups})};
  std::vector<float> steps;
  for (int64_t begin = 0; begin < count; begin += group) {
    std::span<const float> numbers = values.subspan(size_t(begin), size_t(group));
    float largest = 0;
    for (float x : numbers) largest = std::max(largest, std::abs(x));
    Grid grid = {nearest_half(largest / reach), low, high};
    steps.push_back(grid.step);
    for (size_t i = 0; i < numbers.size(); ++i)
      packed[0].bytes[size_t(begin) + i] = char(int8_t(rounded(numbers[i], grid)));
  }
  write_floats(steps, packed[1]);
  return packed;
}

std::vector<float> unpack_groups(const Packed& packed, const std::string& name, const Shape& shape) {
  const Array& q = array_called(packed, name, shape);
  check(q.type == Type::kInt8, "unpack: array \"{}\" must hold integers", name);
  const Array* scale = find_array(packed, name + "_scale");
  check(scale != nullptr, "unpack: there is no array \"{}_scale\"", name);
  auto count = int64_t(q.bytes.size()), groups = scale->shape.numel();
  check(scale->shape.rank() <= 1 && groups > 0 && count % groups == 0,
        "unpack: array \"{}\" of shape {} has {} scales", name, shape, groups);
  std::vector<float> steps(static_cast<size_t>(groups)), values;
  read_floats(array_called(packed, scale->name, scale->shape), steps);
  for (int64_t i = 0; i < count; ++i)
    values.push_back(float(int8_t(q.bytes[size_t(i)])) * steps[size_t(i / (count / groups))]);
  return values;
}

}  // namespace caddie
