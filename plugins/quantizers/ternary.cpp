// SPDX-License-Identifier: Apache-2.0
// Stores one of -1, 0, 1 for each weight and one scale for each group of neighbours in a row:
//   s = half(max(mean|w|, 1e-8));  q = clamp(round(w / s), -1, 1);  w' = q s, or q s / mean|q| (restore_mean)
// A scale that is 0 as a half gives 0. The last group of a row is short, or padded with zeros that are stored
// and counted too (padded). A weight that is no matrix counts as one row. Arrays, with n the stored numbers:
//   "scale"   float16, one for each group, row by row
//   "base3"   the digits q + 1, five to a byte, the first one the lowest: a + 3 b + 9 c + 27 d + 81 e; or
//   "bits"    a bit for each q, 1 where it is not 0, in ceil(n / 8) bytes, then a bit for each of those, 1
//             where it is positive; the first bit of a byte is its highest
//   "layout"  float32: the length of a group, that of a stored row, and 1 with restore_mean
// w' = q s is what training with weights rounded to these groups sees, and what evaluation should see then.
// With restore_mean the mean magnitude of a group stays s: that is nearer to weights that were trained
// without rounding, and is for code that rounds once more when it reads the weights.
// Source: github.com/openai/parameter-golf, pull request 640; arXiv:2402.17764.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
using namespace caddie;

namespace {

constexpr int kDigits = 5;      // to a byte
constexpr int kBytesEnd = 243;  // 3^5: no byte of digits is larger

/// Holds how the numbers of a weight are laid out.
struct Plan {
  int64_t rows, columns;  // of the weight
  int64_t group, stored;  // the lengths of a group and of a stored row
  bool restore_mean;
  int64_t groups_in_row() const { return (stored + group - 1) / group; }
  int64_t numbers() const { return rows * stored; }
};

std::string digits_of(std::span<const int8_t> q) {
  std::string bytes((q.size() + kDigits - 1) / kDigits, '\0');
  int place = 1;
  for (size_t i = 0; i < q.size(); ++i, place *= 3) {
    if (i % kDigits == 0) place = 1;
    bytes[i / kDigits] = char(uint8_t(bytes[i / kDigits]) + place * (q[i] + 1));
  }
  return bytes;
}

std::vector<int8_t> from_digits(const std::string& bytes, int64_t count) {
  check(int64_t(bytes.size()) == (count + kDigits - 1) / kDigits,
        "ternary: array \"base3\" has {} bytes for {} numbers", bytes.size(), count);
  std::vector<int8_t> q;
  for (int64_t i = 0; i < count; ++i) {
    int byte = uint8_t(bytes[size_t(i / kDigits)]);
    check(byte < kBytesEnd, "ternary: array \"base3\" holds the byte {}; the largest is {}", byte,
          kBytesEnd - 1);
    constexpr std::array<int, kDigits> kPlaces = {1, 3, 9, 27, 81};
    q.push_back(int8_t(byte / kPlaces[size_t(i % kDigits)] % 3 - 1));
  }
  return q;
}

void set_bit(std::string& bytes, size_t begin, int64_t i) {
  char& byte = bytes[begin + size_t(i / 8)];
  byte = char(uint8_t(byte) | (0x80 >> (i % 8)));
}
bool bit(const std::string& bytes, size_t begin, int64_t i) {
  return uint8_t(bytes[begin + size_t(i / 8)]) & (0x80 >> (i % 8));
}
size_t bytes_for(int64_t bits) { return size_t((bits + 7) / 8); }

std::string bits_of(std::span<const int8_t> q) {
  auto nonzero = int64_t(q.size()) - std::count(q.begin(), q.end(), int8_t(0));
  size_t signs = bytes_for(int64_t(q.size()));
  std::string bytes(signs + bytes_for(nonzero), '\0');
  int64_t seen = 0;
  for (size_t i = 0; i < q.size(); ++i) {
    if (q[i] == 0) continue;
    set_bit(bytes, 0, int64_t(i));
    if (q[i] > 0) set_bit(bytes, signs, seen);
    ++seen;
  }
  return bytes;
}

std::vector<int8_t> from_bits(const std::string& bytes, int64_t count) {
  size_t signs = bytes_for(count);
  check(bytes.size() >= signs, "ternary: array \"bits\" has {} bytes for {} numbers", bytes.size(), count);
  std::vector<int8_t> q(size_t(count), 0);
  int64_t seen = 0;
  for (int64_t i = 0; i < count; ++i) seen += bit(bytes, 0, i);
  check(bytes.size() == signs + bytes_for(seen), "ternary: array \"bits\" has {} bytes for {} signs",
        bytes.size() - signs, seen);
  seen = 0;
  for (int64_t i = 0; i < count; ++i)
    if (bit(bytes, 0, i)) q[size_t(i)] = bit(bytes, signs, seen++) ? 1 : -1;
  return q;
}

/// Returns the array of this name and type, or null.
const Array* find(const Packed& packed, std::string_view name, Type type) {
  for (const Array& array : packed)
    if (array.name == name && array.type == type) return &array;
  return nullptr;
}
const Array& need(const Packed& packed, std::string_view name, Type type) {
  const Array* array = find(packed, name, type);
  check(array != nullptr, "ternary: there is no array \"{}\" of the type it has", name);
  return *array;
}

/// Reads the layout of a weight's arrays. Throws Error when it does not fit the weight.
Plan plan_of(const Packed& packed, const Shape& shape) {
  bool matrix = shape.rank() == 2;
  std::vector<float> layout = floats_of(need(packed, "layout", Type::kFloat32));
  int64_t rows = matrix ? shape[0] : 1, columns = matrix ? shape[1] : shape.numel();
  constexpr float kLargest = 1 << 24;  // Whole numbers are exact up to here.
  check(layout.size() == 3, "ternary: array \"layout\" has {} numbers, wanted 3", layout.size());
  for (float x : layout)
    check(x >= 0 && x <= kLargest && x == std::floor(x), "ternary: array \"layout\" holds {}", x);
  Plan plan = {rows, columns, int64_t(layout[0]), int64_t(layout[1]), layout[2] == 1};
  check(plan.group > 0 && plan.stored >= columns && plan.stored - columns < plan.group,
        "ternary: groups of {} and rows of {} do not fit a weight of shape {}", plan.group, plan.stored,
        shape);
  return plan;
}

}  // namespace

struct Ternary final : Quantizer {
  int group_size = 128;
  bool padded = false, restore_mean = false;
  std::string packing = "base3";

  void settings(Settings& s) override {
    s("group_size", group_size, "neighbours in a row that share a scale", between(1, 1 << 20));
    s("packing", packing, "five numbers to a byte, or a bit for each number and one for each that is not 0",
      one_of("base3", "bits"));
    s("padded", padded, "fill the last group of a row up with zeros, which count in its mean");
    s("restore_mean", restore_mean,
      "keep the mean magnitude of each group: for weights trained without such rounding, or rounded again "
      "by what reads them");
  }
  void validate(const Shapes& shapes) const override {
    constexpr int64_t kLargest = 1 << 23;
    for (const WeightInfo* weight : shapes.weights)
      check(weight->shape.rank() == 0 || weight->shape.last() <= kLargest,
            "ternary: rows of {} have {} elements, more than {}", weight->name, weight->shape.last(),
            kLargest);
  }

  Packed pack(const Tensor& weight, const WeightInfo& info, const Tensor*) override {
    Rows rows(weight, info);
    int64_t columns = rows.matrix() ? weight.shape()[1] : weight.numel();
    int64_t groups = (columns + group_size - 1) / group_size;
    Plan plan = {rows.count(), columns, group_size, padded ? groups * group_size : columns, restore_mean};
    std::vector<int8_t> q(size_t(plan.numbers()), 0);
    std::vector<uint16_t> scales(size_t(plan.rows * groups));
    rows.each([&](int64_t r, std::span<const float> row) {
      for (int64_t g = 0; g < groups; ++g) {
        auto begin = size_t(g * group_size), end = std::min(begin + size_t(group_size), row.size());
        size_t counted = padded ? size_t(group_size) : end - begin;
        float scale = scale_of(row.subspan(begin, end - begin), counted, info.name);
        scales[size_t(r * groups + g)] = to_half(scale);
        for (size_t i = begin; i < end; ++i)
          q[size_t(r * plan.stored) + i] = scale > 0 ? int8_t(round_even(clamp(row[i] / scale, -1, 1))) : 0;
      }
    });
    bool bits = packing == "bits";
    Array numbers = {bits ? "bits" : "base3", Type::kInt8, {}, bits ? bits_of(q) : digits_of(q)};
    numbers.shape = {int64_t(numbers.bytes.size())};
    const float layout[] = {float(plan.group), float(plan.stored), restore_mean ? 1.0f : 0.0f};
    return {std::move(numbers),
            {"scale", Type::kFloat16, {int64_t(scales.size())}, bytes_of_all(scales.data(), scales.size())},
            {"layout", Type::kFloat32, {3}, bytes_of_all(layout, 3)}};
  }

  void unpack(const Packed& packed, Tensor& weight) const override {
    Plan plan = plan_of(packed, weight.shape());
    std::vector<float> scales = floats_of(need(packed, "scale", Type::kFloat16));
    check(int64_t(scales.size()) == plan.rows * plan.groups_in_row(), "ternary: {} scales for {} groups",
          scales.size(), plan.rows * plan.groups_in_row());
    const Array* digits = find(packed, "base3", Type::kInt8);
    std::vector<int8_t> q = digits ? from_digits(digits->bytes, plan.numbers())
                                   : from_bits(need(packed, "bits", Type::kInt8).bytes, plan.numbers());
    Tensor host = on_host(weight);
    for (int64_t r = 0; r < plan.rows; ++r)
      for (int64_t g = 0; g < plan.groups_in_row(); ++g) {
        int64_t begin = g * plan.group, end = std::min(begin + plan.group, plan.stored);
        const int8_t* row = q.data() + r * plan.stored;
        float step = scales[size_t(r * plan.groups_in_row() + g)];
        auto nonzero = (end - begin) - std::count(row + begin, row + end, int8_t(0));
        if (plan.restore_mean && nonzero > 0) step /= float(nonzero) / float(end - begin);
        for (int64_t i = begin; i < std::min(end, plan.columns); ++i)
          host.data()[r * plan.columns + i] = row[i] == 0 ? 0 : float(row[i]) * step;
      }
    if (host.data() != weight.data()) copy(host, weight);
  }

  // With the scale mean|w|, normal numbers come back with an error of 0.51; rows of a few numbers vary.
  double largest_error() const override { return 0.7; }

  /// Returns the scale of a group with `counted` numbers in its mean.
  static float scale_of(std::span<const float> group, size_t counted, const std::string& name) {
    double sum = 0;
    for (float w : group) sum += std::abs(double(w));
    float scale = nearest_half(std::max(float(sum / double(counted)), 1e-8f));
    check(std::isfinite(scale), "ternary: {} holds a group of mean magnitude {}; a half ends at 65504", name,
          sum / double(counted));
    return scale;
  }
  template <class T>
  static std::string bytes_of_all(const T* values, size_t count) {
    std::string bytes(count * sizeof(T), '\0');
    if (count > 0) std::memcpy(bytes.data(), values, bytes.size());
    return bytes;
  }
};

CADDIE_PLUGIN(Ternary, .summary = "One of -1, 0, 1 a weight, five to a byte, and a scale for each group.",
              .source = "github.com/openai/parameter-golf, pull request 640; arXiv:2402.17764");
