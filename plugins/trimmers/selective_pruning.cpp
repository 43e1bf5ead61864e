// SPDX-License-Identifier: Apache-2.0
// Sets integers of magnitude 1 to zero, those of the smallest steps s first, until the artifact fits. All
// such integers are put in rising order of the squared error that this costs, s^2, and then of weights, rows
// and columns. Of these the fewest are taken with which the compressed artifact is no larger than the target;
// it is an error when all of them are too few.
// Source: github.com/openai/parameter-golf,
// records/track_10min_16mb/2026-03-25_ValCalib_GPTQ_XSA_BigramHash3072, whose target counts in MiB and lies
// above the limit.
#include <caddie/plugin.h>
#include <caddie/quantize.h>

#include <algorithm>
using namespace caddie;

namespace {

/// Describes one row of integers that share a step.
struct Row {
  float step;
  std::string* bytes;  // the bytes of the array that holds the row
  size_t begin, length;
  int64_t ones;  // the number of integers that are 1 or -1
};

const Array* array_called(const Packed& packed, std::string_view name) {
  auto found = std::find_if(packed.begin(), packed.end(), [&](const Array& a) { return a.name == name; });
  return found == packed.end() ? nullptr : &*found;
}

bool is_one(char c) { return c == 1 || c == -1; }

}  // namespace

struct SelectivePruning final : Trimmer {
  int64_t target_bytes = 0, slack_bytes = 0;
  double save = 0;

  void settings(Settings& s) override {
    s("target_bytes", target_bytes, "size to reach, code included; 0: budget.artifact_bytes", at_least(0));
    s("save", save, "share of the size to take away even where it fits", between(0, 1));
    s("slack_bytes", slack_bytes, "the search ends when the artifact lies at most this far below",
      at_least(0));
  }

  void trim(Package& package) override {
    int64_t whole = package.bytes(), target = target_bytes > 0 ? target_bytes : package.limit_bytes();
    target = std::min(target, whole - int64_t(save * double(whole)));
    if (whole <= target) return;
    std::vector<Row> rows = rows_of(package);
    int64_t fewest = 0, most = 0;  // how many zeroed integers are too few, and how many are enough
    for (const Row& row : rows) most += row.ones;
    std::vector<std::string> before;
    for (const PackedWeight& weight : package.weights())
      for (const Array& array : *weight.packed) before.push_back(array.bytes);

    // Each trial begins with the integers as they were.
    auto apply = [&](int64_t count) {
      size_t i = 0;
      for (const PackedWeight& weight : package.weights())
        for (Array& array : *weight.packed) array.bytes = before[i++];
      zero(rows, count);
    };
    apply(most);
    int64_t bytes = package.bytes();
    check(bytes <= target,
          "selective_pruning: {} bytes remain of {} when every integer of magnitude 1 is zero, more than the "
          "{} asked for; raise target_bytes or budget.artifact_bytes, or use quantizers of fewer bits",
          bytes, whole, target);
    while (most - fewest > 1 && target - bytes > slack_bytes) {
      int64_t middle = fewest + (most - fewest) / 2;
      apply(middle);
      int64_t smaller = package.bytes();
      if (smaller > target) {
        fewest = middle;
      } else {
        most = middle;
        bytes = smaller;
      }
    }
    apply(most);
  }

  /// Returns the rows of all integers that have steps, those of the smallest steps first.
  static std::vector<Row> rows_of(Package& package) {
    std::vector<Row> rows;
    for (const PackedWeight& weight : package.weights()) {
      const Array* steps = array_called(*weight.packed, "scale");
      for (Array& array : *weight.packed) {
        if (array.type != Type::kInt8 || array.name != "q" || !steps || steps->type == Type::kInt8) continue;
        if (steps->shape.numel() == 0) continue;
        std::vector<float> scales = floats_of(*steps);
        size_t length = array.bytes.size() / scales.size();
        for (size_t r = 0; r < scales.size(); ++r) {
          const char* row = array.bytes.data() + r * length;
          rows.push_back(
              {scales[r], &array.bytes, r * length, length, std::count_if(row, row + length, is_one)});
        }
      }
    }
    std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.step < b.step; });
    return rows;
  }

  /// Sets the first `count` integers of magnitude 1 to zero, in the order of the rows.
  static void zero(std::span<const Row> rows, int64_t count) {
    for (const Row& row : rows)
      for (size_t i = 0; i < row.length && count > 0; ++i) {
        char& c = (*row.bytes)[row.begin + i];
        if (!is_one(c)) continue;
        c = 0;
        --count;
      }
  }
};

CADDIE_PLUGIN(SelectivePruning, .summary = "The cheapest integers of magnitude 1 become zero until it fits.",
              .source = "github.com/openai/parameter-golf, 2026-03-25_ValCalib_GPTQ_XSA_BigramHash3072");
