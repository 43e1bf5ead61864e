// SPDX-License-Identifier: Apache-2.0
// A curve is what a training measured as a function of time, so that arms can be compared at equal times
// instead of equal steps.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace caddie {

/// Holds one measurement of a training.
struct CurvePoint {
  int64_t step = 0;
  double seconds = 0, value = 0;
};

/// Returns the rows called `name` of a run's metrics.csv, by step; empty when there are none.
std::vector<CurvePoint> read_curve(const std::filesystem::path& run_folder, const std::string& name);

/// Returns all rows of a run's metrics.csv with their names, in their order; empty when there are none.
std::vector<std::pair<std::string, CurvePoint>> read_curves(const std::filesystem::path& run_folder);

/// Returns the curve's value at a time, interpolated linearly between neighbours; nothing outside of what was
/// measured.
std::optional<double> at_time(std::span<const CurvePoint> curve, double seconds);

/// Returns the mean of `arm` minus the mean of `baseline`, all at the latest time that every curve reaches;
/// NaN when some curve is empty or begins later than that.
double delta_at_time(std::span<const std::vector<CurvePoint>> arm,
                     std::span<const std::vector<CurvePoint>> baseline);

}  // namespace caddie
