// SPDX-License-Identifier: Apache-2.0
// Rows of a metric are found by searching the text of metrics.csv; values in between are interpolated.
#include "report/curves.h"

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "base/text.h"
#include "results/run_folder.h"
#include "statistics/compare.h"

namespace caddie {
namespace {

/// Returns the name and the measurement in a row of metrics.csv; nothing where the line is no such row.
std::optional<std::pair<std::string, CurvePoint>> row_of(std::string_view line) {
  std::vector<std::string> cells = split(line, ',');
  if (cells.size() != 5) return std::nullopt;
  return std::pair(
      cells[3], CurvePoint{std::strtoll(cells[0].c_str(), nullptr, 10),
                           std::strtod(cells[2].c_str(), nullptr), std::strtod(cells[4].c_str(), nullptr)});
}

}  // namespace

std::vector<CurvePoint> read_curve(const std::filesystem::path& run_folder, const std::string& name) {
  std::vector<CurvePoint> curve;
  std::filesystem::path file = run_folder / kMetricsFile;
  if (!std::filesystem::exists(file)) return curve;
  std::string text = read_file(file), wanted = "," + name + ",";
  for (size_t found = text.find(wanted); found != std::string::npos; found = text.find(wanted, found + 1)) {
    size_t start = text.rfind('\n', found), end = text.find('\n', found);
    // A match without a line break on either side is in the head, or in a last line that was cut short.
    if (start == std::string::npos || end == std::string::npos) continue;
    if (auto row = row_of(std::string_view(text).substr(start + 1, end - start - 1)))
      curve.push_back(row->second);
  }
  return curve;
}

std::vector<std::pair<std::string, CurvePoint>> read_curves(const std::filesystem::path& run_folder) {
  std::vector<std::pair<std::string, CurvePoint>> rows;
  std::filesystem::path file = run_folder / kMetricsFile;
  if (!std::filesystem::exists(file)) return rows;
  std::string text = read_file(file);
  std::string_view rest = text;
  // The first line is the head, and what follows the last line break was cut short.
  for (bool is_head = true; rest.find('\n') != std::string_view::npos; is_head = false) {
    size_t end = rest.find('\n');
    if (auto row = is_head ? std::nullopt : row_of(rest.substr(0, end))) rows.push_back(std::move(*row));
    rest.remove_prefix(end + 1);
  }
  return rows;
}

std::optional<double> at_time(std::span<const CurvePoint> curve, double seconds) {
  if (curve.empty() || seconds < curve.front().seconds || seconds > curve.back().seconds) return std::nullopt;
  auto after = std::lower_bound(curve.begin(), curve.end(), seconds,
                                [](const CurvePoint& point, double time) { return point.seconds < time; });
  if (after == curve.begin() || after->seconds == seconds) return after->value;
  auto before = after - 1;
  double share = (seconds - before->seconds) / (after->seconds - before->seconds);
  return before->value + share * (after->value - before->value);
}

double delta_at_time(std::span<const std::vector<CurvePoint>> arm,
                     std::span<const std::vector<CurvePoint>> baseline) {
  double latest = std::numeric_limits<double>::infinity();
  for (const auto& curves : {arm, baseline})
    for (const std::vector<CurvePoint>& curve : curves) {
      if (curve.empty()) return kUnknown;
      latest = std::min(latest, curve.back().seconds);
    }
  auto mean = [&](std::span<const std::vector<CurvePoint>> curves) {
    std::vector<double> values;
    for (const std::vector<CurvePoint>& curve : curves)
      values.push_back(at_time(curve, latest).value_or(kUnknown));
    return summarize(values).mean;
  };
  return mean(arm) - mean(baseline);
}

}  // namespace caddie
