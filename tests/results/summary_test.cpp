// SPDX-License-Identifier: Apache-2.0
// summary.json as a struct: what is written is read back, and what others wrote is understood.
#include "results/summary.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/files.h"
#include "support/data_support.h"

using namespace caddie;

TEST_CASE("a summary holds every metric that the table promises of it", "[summary]") {
  Json json = {{"status", "done"}};
  int64_t value = 1;
  for (const Metric* metric : metrics())
    if (metric->places.summary) json[metric->name] = value++;
  RunSummary summary = summary_from(json);
  value = 1;
  for (const Metric* metric : metrics()) {
    INFO(metric->name);
    if (metric->places.summary)
      CHECK(summary.number(*metric) == double(value++));
    else
      CHECK(std::isnan(summary.number(*metric)));
  }
  // The other way round: no number of a summary is missing in the table.
  for (const auto& [name, member] : written(summary).items())
    CHECK((name == "status" || find_metric(name) != nullptr));
  CHECK(std::isnan(summary.number("status")));
  CHECK(std::isnan(summary.number("no_such_metric")));
}

TEST_CASE("a summary comes back from its file", "[summary]") {
  TemporaryFolder folder;
  RunSummary summary;
  summary.status = "done";
  summary.bpb = 1.0 / 3;
  summary.steps = 7;
  summary.under_cap = false;
  summary.averages = {{"swa", 1.5}, {"ema", 1.25}};
  summary.effects.emplace();
  summary.stages.evaluate = {"e1", "e2"};
  summary.stages.train = "t";
  write_summary(folder.path(), summary);
  RunSummary again = read_summary(folder.path());
  CHECK(written(again) == written(summary));
  CHECK(again.bpb == summary.bpb);  // to the last bit
  CHECK(again.averages == summary.averages);
  CHECK(again.training() == "t");
  again.stages.weights = "w";
  CHECK(again.training() == "t:w");
}

TEST_CASE("where there is no summary, nothing is known", "[summary]") {
  TemporaryFolder folder;
  CHECK(!read_summary(folder.path()).is_there());
  write_file(folder.path() / kSummaryFile, "{\"status\": \"do");
  CHECK(!read_summary(folder.path()).is_there());
  CHECK(!summary_from(Json::parse("[1]")).is_there());
  CHECK(!summary_from(Json::parse(R"({"status":"done","steps":"many"})")).is_there());
  RunSummary failed = failed_summary("out of memory");
  CHECK(written(failed).dump() == R"({"status":"failed","fail_reason":"out of memory"})");
  CHECK(failed.training().empty());
}

TEST_CASE("a score that is not finite is read as such", "[summary]") {
  ScoreRecord score;
  score.tokens = 5;
  auto again = read_fields<ScoreRecord>(Json::parse(written(score).dump()));
  CHECK(std::isnan(again.bpb));
  CHECK(again.tokens == 5);
}
