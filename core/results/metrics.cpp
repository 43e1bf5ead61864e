// SPDX-License-Identifier: Apache-2.0
// All metrics that the header defines stand in one list, which is searched by name.
#include "results/metrics.h"

#include <algorithm>

namespace caddie {
namespace {

constexpr const Metric* kMetrics[] = {&kBpb,
                                      &kLossNats,
                                      &kBpbRaw,
                                      &kBpbAveraged,
                                      &kBpbQuantized,
                                      &kTrainLoss,
                                      &kSteps,
                                      &kTokens,
                                      &kStepMs,
                                      &kTokensPerSecond,
                                      &kTrainSeconds,
                                      &kEvaluationSeconds,
                                      &kArtifactBytes,
                                      &kModelBytes,
                                      &kCodeBytes,
                                      &kPeakMemoryBytes,
                                      &kParameters,
                                      &kExportSeconds,
                                      &kGradientNorm,
                                      &kObjectiveTerm,
                                      &kLearningRateScale,
                                      &kTrainingOnlyParameters};

}  // namespace

std::string_view name_of(Better better) {
  switch (better) {
    case Better::kLower:
      return "lower";
    case Better::kHigher:
      return "higher";
    case Better::kNeither:
      return "neither";
  }
  return "";
}

std::span<const Metric* const> metrics() { return kMetrics; }

std::string name_of_term(std::string_view label) {
  std::string_view pattern = kObjectiveTerm.name;
  return std::string(pattern.substr(0, pattern.find('<'))).append(label);
}

const Metric* find_metric(std::string_view name) {
  auto found = std::find_if(std::begin(kMetrics), std::end(kMetrics),
                            [&](const Metric* metric) { return metric->name == name; });
  return found == std::end(kMetrics) ? nullptr : *found;
}

std::vector<std::string> names_of_run_metrics() {
  std::vector<std::string> names;
  for (const Metric* metric : kMetrics)
    if (metric->places.runs) names.emplace_back(metric->name);
  return names;
}

}  // namespace caddie
