// SPDX-License-Identifier: Apache-2.0
// metrics.csv: what is written comes back to the last bit, and what lies behind a checkpoint is dropped.
#include <catch2/catch.hpp>
#include <cmath>

#include "base/files.h"
#include "report/curves.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "support/data_support.h"

using namespace caddie;

TEST_CASE("a journal keeps the bits of what it is told", "[journal]") {
  TemporaryFolder folder;
  double a = 1.0 / 3, b = std::nextafter(a, 1.0);
  {
    Metrics journal(folder.path() / "metrics.csv", 0);
    journal.add(1, 10, 0.5, kTrainLoss.name, a);
    journal.add(2, 20, 1.0, kTrainLoss.name, b);
    journal.add(2, 20, 1.0, kGradientNorm.name, 1e-12);
    journal.flush();
  }
  std::vector<CurvePoint> losses = read_curve(folder.path(), kTrainLoss.name);
  REQUIRE(losses.size() == 2);
  CHECK(losses[0].value == a);
  CHECK(losses[1].value == b);
  CHECK(read_curve(folder.path(), kGradientNorm.name).at(0).value == 1e-12);
}

TEST_CASE("a journal that goes on drops every row of the steps beyond", "[journal]") {
  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "metrics.csv";
  {
    Metrics journal(file, 0);
    for (int64_t step = 1; step <= 3; ++step)
      for (const Metric* metric : {&kTrainLoss, &kGradientNorm, &kLearningRateScale})
        journal.add(step, 10 * step, 0.5, metric->name, double(step));
    journal.flush();
  }
  std::string whole = read_file(file);
  Metrics(file, 2).flush();
  CHECK(read_curve(folder.path(), kGradientNorm.name).size() == 2);
  CHECK(read_curve(folder.path(), kLearningRateScale.name).back().step == 2);
  CHECK(whole.starts_with(read_file(file)));
}
