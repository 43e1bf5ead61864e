// SPDX-License-Identifier: Apache-2.0
// The table of metrics holds every name once, and what it says of a metric is complete.
#include "results/metrics.h"

#include <catch2/catch.hpp>
#include <set>

using namespace caddie;

TEST_CASE("a metric is found by its name", "[metrics]") {
  REQUIRE(find_metric("val_bpb"));
  CHECK(*find_metric("val_bpb") == kBpb);
  CHECK(*find_metric("peak_mem_bytes") == kPeakMemoryBytes);
  CHECK(find_metric("val_bpb_") == nullptr);
  CHECK(find_metric("") == nullptr);
}

TEST_CASE("every metric says what it is, and stands somewhere", "[metrics]") {
  const std::set<std::string> kStages = {"train", "average", "quantize", "compress", "evaluate", "run"};
  std::set<std::string> names;
  for (const Metric* metric : metrics()) {
    INFO(metric->name);
    CHECK(names.insert(metric->name).second);
    CHECK(kStages.contains(metric->stage));
    CHECK(std::string(metric->help).size() > 8);
    CHECK(metric->decimals >= 0);
    CHECK((metric->places.summary || metric->places.steps));
    CHECK((!metric->places.runs || metric->places.summary));
  }
}

// The order of the columns is part of the format of runs.csv.
TEST_CASE("metrics of runs.csv stand in its order", "[metrics]") {
  CHECK(names_of_run_metrics() ==
        std::vector<std::string>{"val_bpb", "val_loss_nats", "val_bpb_raw", "val_bpb_avg", "val_bpb_quant",
                                 "train_loss", "steps", "tokens", "step_avg_ms", "tok_s", "train_time_s",
                                 "eval_time_s", "artifact_bytes", "bytes_model", "bytes_code",
                                 "peak_mem_bytes", "params"});
}

TEST_CASE("what the clock decides is a cost, what the bits decide is none", "[metrics]") {
  for (const Metric* metric :
       {&kStepMs, &kTokensPerSecond, &kTrainSeconds, &kEvaluationSeconds, &kExportSeconds, &kPeakMemoryBytes})
    CHECK(metric->is_cost);
  for (const Metric* metric : {&kBpb, &kTrainLoss, &kArtifactBytes, &kParameters, &kGradientNorm})
    CHECK(!metric->is_cost);
  CHECK(name_of(kTokensPerSecond.better) == "higher");
  CHECK(name_of(kBpb.better) == "lower");
  CHECK(name_of(kSteps.better) == "neither");
}
