// SPDX-License-Identifier: Apache-2.0
#include "results/summary.h"

#include <fstream>
#include <limits>

#include "base/files.h"

namespace caddie {
namespace {

/// Finds one number among the members of a summary.
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
  const_cast<RunSummary*>(this)->fields(finder);  // The visit only looks.
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
  if (!json.is_object()) return {};
  try {
    return read_fields<RunSummary>(json);
  } catch (const Json::exception&) {
    return {};
  } catch (const Error&) {
    return {};
  }
}

RunSummary read_summary(const std::filesystem::path& folder) {
  std::ifstream stream(folder / kSummaryFile);
  return stream ? summary_from(Json::parse(stream, nullptr, false)) : RunSummary{};
}

void write_summary(const std::filesystem::path& folder, const RunSummary& summary) {
  write_file(folder / kSummaryFile, written(summary).dump(2) + "\n");
}

}  // namespace caddie
