// SPDX-License-Identifier: Apache-2.0
// Writes each matrix of integers column by column, after the rows of some have been put in an order in which
// neighbours are alike. Matrices of one role stand together already, and what is no matrix stays as it is.
// The bytes of one array after another, each:
//   1 byte   0 as it is, 1 transposed, 2 its rows in another order and transposed
//   orders   with 2: two bytes for each row, the lower first: where it stood
//   integers
// Source: github.com/openai/parameter-golf, pull request 1855 (per-group compression).
#include <caddie/parallel.h>
#include <caddie/plugin.h>

#include <algorithm>
#include <numeric>

#include "row_order.h"
using namespace caddie;

namespace {

enum class Form : uint8_t { kPlain, kTransposed, kReordered };

constexpr int64_t kMostRows = 1 << 16;  // A row's number takes two bytes.

/// Returns the matrix with rows and columns exchanged, where row i is the row order[i] of `bytes`.
std::string transpose_rows(std::string_view bytes, const std::vector<int64_t>& order) {
  std::string out(bytes.size(), '\0');
  size_t rows = order.size(), columns = bytes.size() / std::max<size_t>(rows, 1);
  for (size_t i = 0; i < rows; ++i)
    for (size_t c = 0; c < columns; ++c) out[c * rows + i] = bytes[size_t(order[i]) * columns + c];
  return out;
}

/// Returns what transpose_rows() was given.
std::string rows_of(std::string_view bytes, const std::vector<int64_t>& order) {
  std::string out(bytes.size(), '\0');
  size_t rows = order.size(), columns = bytes.size() / std::max<size_t>(rows, 1);
  for (size_t i = 0; i < rows; ++i)
    for (size_t c = 0; c < columns; ++c) out[size_t(order[i]) * columns + c] = bytes[c * rows + i];
  return out;
}

/// Tells whether an array is a matrix that has integers.
bool has_rows(const Shape& shape) { return shape.rank() == 2 && shape.numel() > 0; }

std::vector<int64_t> as_they_stand(int64_t rows) {
  std::vector<int64_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), int64_t(0));
  return order;
}

/// Takes bytes off the front of what a layout wrote, which may be damaged.
std::string_view take(std::string_view& rest, int64_t size, std::string_view weight) {
  check(size <= int64_t(rest.size()), "grouped_rows: the integers are truncated within those of {}", weight);
  std::string_view taken = rest.substr(0, size_t(size));
  rest.remove_prefix(size_t(size));
  return taken;
}

/// Reads an order of rows. Throws Error unless it holds each row once.
std::vector<int64_t> read_order(std::string_view& rest, int64_t rows, std::string_view weight) {
  check(rows <= kMostRows, "grouped_rows: {} has {} rows, more than {}", weight, rows, kMostRows);
  std::string_view bytes = take(rest, 2 * rows, weight);
  std::vector<int64_t> order;
  std::vector<bool> seen(static_cast<size_t>(rows));
  for (size_t i = 0; i < bytes.size(); i += 2) {
    order.push_back(uint8_t(bytes[i]) + 256 * uint8_t(bytes[i + 1]));
    check(order.back() < rows && !seen[size_t(order.back())],
          "grouped_rows: row {} of {} comes twice, or is none of its {} rows", order.back(), weight, rows);
    seen[size_t(order.back())] = true;
  }
  return order;
}

}  // namespace

struct GroupedRows final : Layout {
  std::vector<std::string> reorder = {"tok_emb.weight", ".c_q.weight", ".mlp.fc.weight"};

  void settings(Settings& s) override {
    s("reorder", reorder,
      "ends of the names of weights whose rows are put in order; it takes two bytes a row");
  }

  std::string arrange(std::span<const NamedArray> arrays) const override {
    std::vector<std::string> parts(arrays.size());
    parallel_for(int(arrays.size()), [&](int i) { parts[size_t(i)] = arrange(arrays[size_t(i)]); });
    std::string all;
    for (const std::string& part : parts) all += part;
    return all;
  }

  std::vector<std::string> restore(std::string_view bytes,
                                   std::span<const NamedArray> arrays) const override {
    std::vector<std::string> restored;
    for (const NamedArray& one : arrays) {
      const Shape& shape = one.array->shape;
      auto form = uint8_t(take(bytes, 1, one.weight)[0]);
      check(form <= uint8_t(has_rows(shape) ? Form::kReordered : Form::kPlain),
            "grouped_rows: {} has the unknown form {}", one.weight, int(form));
      std::vector<int64_t> order;
      if (Form(form) == Form::kReordered) order = read_order(bytes, shape[0], one.weight);
      std::string_view integers = take(bytes, shape.numel(), one.weight);
      if (Form(form) == Form::kTransposed) order = as_they_stand(shape[0]);
      restored.push_back(Form(form) == Form::kPlain ? std::string(integers) : rows_of(integers, order));
    }
    check(bytes.empty(), "grouped_rows: {} bytes follow the last integers", bytes.size());
    return restored;
  }

  std::string arrange(const NamedArray& one) const {
    const Array& array = *one.array;
    if (!has_rows(array.shape)) return char(Form::kPlain) + array.bytes;
    int64_t rows = array.shape[0];
    bool chosen = std::any_of(reorder.begin(), reorder.end(),
                              [&](const std::string& end) { return one.weight.ends_with(end); });
    if (!chosen || rows > kMostRows)
      return char(Form::kTransposed) + transpose_rows(array.bytes, as_they_stand(rows));
    std::string out(1, char(Form::kReordered));
    std::vector<int64_t> order = similar_rows(array.bytes, rows);
    for (int64_t row : order) out += {char(row & 255), char(row >> 8)};
    return out + transpose_rows(array.bytes, order);
  }
};

CADDIE_PLUGIN(GroupedRows, .summary = "Matrices column by column, some with like rows side by side.",
              .source = "github.com/openai/parameter-golf, pull request 1855");
