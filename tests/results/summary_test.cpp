// SPDX-License-Identifier: Apache-2.0
// summary.json as a struct: what is written is read back, and what others wrote is understood.
#include "results/summary.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/files.h"
#include "base/sealed_json.h"
#include "support/data_support.h"

using namespace caddie;

namespace {

// Written before summaries had a type, by a run of 24 steps.
constexpr const char* kOldSummary = R"({
  "status": "done",
  "train_loss": 5.227928740903735,
  "steps": 24,
  "tokens": 6144,
  "params": 161225,
  "train_time_s": 0.981690839,
  "step_avg_ms": 40.90378495833333,
  "tok_s": 5397.6817968747755,
  "stages": {
    "evaluate": [
      "evaluate-46a74725aa4b0501d675b2b46ca11ebd",
      "evaluate-3bfd72f4ab658804cd9dfcf2f7c9532b",
      "evaluate-b2c691bafdbc52539e2c2affacc2457c"
    ],
    "train": "train-271684998399477fc43534165a82f3f7",
    "weights": "c2e96e466bf4bf78620ef9cd72ef880c",
    "average": "average-86dc88b30648b6bdaeb94f7cd35768ea",
    "quantize": "quantize-c6b29e2f9004506bb8ab8d0987a3a5fc",
    "compress": "compress-80ebc54d3ce1f16728d9e133c4edf225"
  },
  "val_bpb_raw": 4.229038136574368,
  "val_bpb_avg": 4.670757279813422,
  "artifact_bytes": 25815,
  "bytes_model": 25815,
  "bytes_code": 0,
  "under_cap": true,
  "export_time_s": 1.3723482260000002,
  "val_bpb_quant": 4.677179394442699,
  "val_bpb": 4.677179394442699,
  "val_loss_nats": 5.653191657215356,
  "scores": {
    "standard": {
      "val_bpb": 4.677179394442699,
      "val_loss_nats": 5.653191657215356,
      "tokens": 3200,
      "bytes": 5580,
      "windows": 100,
      "seconds": 0.062370012
    }
  },
  "effect_check": "ok",
  "effects": {},
  "eval_time_s": 0.118376651,
  "peak_mem_bytes": 39096320
}
)";

}  // namespace

TEST_CASE("the summary of an older version is read, and would be written to the same bytes", "[summary]") {
  TemporaryFolder folder;
  write_file(folder.path() / kSummaryFile, kOldSummary);
  RunSummary summary = read_summary(folder.path());
  CHECK(summary.status == "done");
  CHECK(summary.bpb == 4.677179394442699);
  CHECK(summary.steps == 24);
  CHECK(summary.under_cap == true);
  CHECK(summary.scores.at(0).first == "standard");
  CHECK(summary.scores.at(0).second.tokens == 3200);
  CHECK(summary.training() == "train-271684998399477fc43534165a82f3f7:c2e96e466bf4bf78620ef9cd72ef880c");
  REQUIRE(summary.effects);
  CHECK(summary.effects->empty());
  write_summary(folder.path(), summary);
  CHECK(read_sealed(folder.path() / kSummaryFile) == Json::parse(kOldSummary));
}

TEST_CASE("what a still older version did not write is unknown", "[summary]") {
  Json json = Json::parse(kOldSummary);
  for (const char* name : {"scores", "effects", "export_time_s", "peak_mem_bytes"}) json.erase(name);
  json["stages"].erase("weights");
  RunSummary summary = summary_from(json);
  CHECK(summary.is_there());
  CHECK(summary.bpb == 4.677179394442699);
  CHECK(summary.scores.empty());
  CHECK(!summary.effects);
  CHECK(std::isnan(summary.number(kPeakMemoryBytes)));
  CHECK(summary.training() == "train-271684998399477fc43534165a82f3f7");
}

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
  Json all = written(summary);
  for (const auto& [name, member] : all.items()) CHECK((name == "status" || find_metric(name) != nullptr));
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
  CHECK_THROWS_WITH(read_summary(folder.path()), Catch::Contains("summary.json: damaged"));
  CHECK_THROWS_WITH(summary_from(Json::parse(R"({"status":"done","steps":"many"})")),
                    Catch::StartsWith("not the summary of a run: "));
  CHECK_THROWS_WITH(summary_from(Json::parse(R"({"status":5})")),
                    Catch::StartsWith("not the summary of a run: "));
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
