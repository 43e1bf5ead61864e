// SPDX-License-Identifier: Apache-2.0
// One declaration of the members serves to read them, to write them and to find a number by its name.
#include "results/summary.h"

#include <algorithm>
#include <limits>

#include "base/sealed_json.h"

namespace caddie {
namespace {

/// Visits the members of a summary and keeps the number that has the wanted name.
struct NumberFinder {
  std::string_view wanted;
  double number = std::numeric_limits<double>::quiet_NaN();

  template <class T>
  void maybe(const char* name, const T& value) {
    if constexpr (std::is_same_v<T, std::optional<double>> || std::is_same_v<T, std::optional<int64_t>>)
      if (name == wanted && value) number = double(*value);
  }
};

}  // namespace

ScoreRecord::ScoreRecord(const Score& score)
    : bpb(score.bits_per_byte()),
      loss_nats(score.loss()),
      tokens(score.tokens),
      bytes(score.bytes),
      windows(score.windows),
      seconds(score.seconds) {}

double RunSummary::number(std::string_view metric) const {
  NumberFinder finder{metric};
  const_cast<RunSummary*>(this)->fields(finder);  // NumberFinder changes nothing.
  return finder.number;
}

std::string RunSummary::training() const {
  return stages.weights.empty() ? stages.train : stages.train + ":" + stages.weights;
}

RunSummary failed_summary(std::string reason) {
  RunSummary summary;
  summary.status = "failed";
  summary.fail_reason = std::move(reason);
  return summary;
}

RunSummary summary_from(const Json& json) {
  try {
    return read_fields<RunSummary>(json);
  } catch (const std::exception& error) {
    fail("not the summary of a run: {}", reason_of(error));
  }
}

RunSummary read_summary(const std::filesystem::path& folder) {
  std::filesystem::path file = folder / kSummaryFile;
  if (!std::filesystem::exists(file)) return {};
  Json json = read_sealed(file);
  try {
    return summary_from(json);
  } catch (const Error& error) {
    fail("{}: damaged: {}", file.string(), error.what());
  }
}

void check_left_by_run(const std::filesystem::path& folder, const std::string& name) {
  check_left_by_run(read_summary(folder), folder, name);
}

void check_left_by_run(const RunSummary& summary, const std::filesystem::path& folder,
                       const std::string& name) {
  auto left = std::find_if(summary.files.begin(), summary.files.end(),
                           [&](const auto& file) { return file.first == name; });
  if (left == summary.files.end()) return;
  std::string wrong = difference_from({*left}, folder);
  check(wrong.empty(), "{}; run it again with --fresh", wrong);
}

void write_summary(const std::filesystem::path& folder, const RunSummary& summary) {
  write_sealed(folder / kSummaryFile, written(summary));
}

}  // namespace caddie
