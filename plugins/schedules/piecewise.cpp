// SPDX-License-Identifier: Apache-2.0
// Multiplies the rate by one constant after another, each from a share of the budget on:
//   scale = scales_i with the last i such that f + 1e-12 >= from_i, and scales_0 before all of them,
// where f is the share of the budget that is used, by the clock whenever there is a wall-clock budget.
// Source: github.com/openai/parameter-golf, pull request 2014 (parse_scalar_schedule, schedule_value).
#include <caddie/plugin.h>

#include <algorithm>

using namespace caddie;

struct Piecewise final : Schedule {
  std::vector<double> from = {0, 0.5}, scales = {1, 0.1};

  void settings(Settings& s) override {
    s("from", from, "shares of the budget at which the scales begin, rising; above 1: never", at_least(0));
    s("scales", scales, "what the learning rates are multiplied by from there on", at_least(0));
  }
  void validate(const Shapes&) const override {
    check(!from.empty() && from.size() == scales.size(),
          "piecewise: from has {} numbers and scales {}; both want the same number, at least one",
          from.size(), scales.size());
    check(
        std::adjacent_find(from.begin(), from.end(), [](double a, double b) { return a >= b; }) == from.end(),
        "piecewise: the shares of from must rise, each above the one before");
  }
  double scale(const Progress& p) const override {
    double used = p.fraction();
    double now = scales.front();
    for (size_t i = 0; i < from.size(); ++i)
      if (used + 1e-12 >= from[i]) now = scales[i];
    return now;
  }
};

CADDIE_PLUGIN(Piecewise, .summary = "One constant multiple of the learning rate after another.",
              .source = "github.com/openai/parameter-golf, pull request 2014");
