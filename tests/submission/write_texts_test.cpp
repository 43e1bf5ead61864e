// SPDX-License-Identifier: Apache-2.0
// The texts of a submission, made from facts without any process: JSON, README, logs, and what a
// contest asks. Means and SDs were computed with Python's statistics.mean and statistics.stdev.
#include <catch2/catch.hpp>

#include "import/read_log.h"
#include "import/read_submission.h"
#include "submission/made_up_facts.h"
#include "submission/seed_log.h"
#include "submission/submission_json.h"
#include "submission/submission_readme.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("submission.json has means, sample SDs, the largest bytes and a result for each seed",
          "[submission]") {
  ArmFacts facts = made_up_facts();
  facts.words = {"A. Uthor", "auth", "Gates", "Gates on heads."};
  Json json = submission_json(facts);
  CHECK(json["author"] == "A. Uthor");
  CHECK(json["github_id"] == "auth");
  CHECK(json["name"] == "Gates");
  CHECK(json["blurb"] == "Gates on heads.");
  CHECK(json["date"] == "2026-01-02T03:04:05Z");
  CHECK(json["track"] == "10min_16mb");
  CHECK(json["val_bpb"].get<double>() == Approx(1.24).epsilon(1e-14));
  CHECK(json["val_bpb_std"].get<double>() == Approx(0.036055512754639925).epsilon(1e-12));
  CHECK(json["val_loss"].get<double>() == Approx(2.48).epsilon(1e-14));
  CHECK(json["val_loss_std"].get<double>() == Approx(0.07211102550927985).epsilon(1e-12));
  CHECK(json["seeds"] == Json({7, 8, 9}));
  CHECK(json["seed_results"]["8"]["val_loss"] == 2.54);
  CHECK(json["bytes_total"] == 1022);
  CHECK(json["artifact_bytes"] == 1022);
  CHECK(json["bytes_code"] == 20);
  CHECK(json["hardware"] == "8 x NVIDIA H100 80GB HBM3");
  CHECK(json["artifact_seed"] == 7);  // that of the median score, 1.25
}

TEST_CASE("caddie import reads from submission.json what was written, seed by seed", "[submission]") {
  ArmFacts facts = made_up_facts();
  std::vector<ForeignRun> runs = read_submission(text_of(submission_json(facts), 2), {});
  REQUIRE(runs.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    const RunSummary& was = facts.runs[i].summary;
    INFO("seed " << facts.runs[i].seed);
    CHECK(runs[i].seed == facts.runs[i].seed);
    CHECK(runs[i].last_score()->bpb == was.bpb);
    CHECK(runs[i].last_score()->loss == was.loss_nats);
    CHECK(runs[i].last_score()->seconds == was.evaluation_seconds);
    CHECK(runs[i].artifact_bytes == was.artifact_bytes);
    CHECK(runs[i].model_bytes == was.model_bytes);
    CHECK(runs[i].code_bytes == was.code_bytes);
    CHECK(runs[i].training.seconds == was.train_seconds);
    CHECK(runs[i].training.steps == was.steps);
  }
}

TEST_CASE("what is not known is null or empty in submission.json, never a number", "[submission]") {
  ArmFacts facts = made_up_facts();
  facts.runs.resize(1);
  facts.runs[0].summary = {};
  facts.runs[0].summary.loss_nats = 2.5;
  facts.runs[0].record = {};
  facts.has_artifact = false;
  facts.checklist = {};
  Json json = submission_json(facts);
  for (const char* name :
       {"val_bpb", "val_bpb_std", "val_loss_std", "bytes_total", "artifact_seed", "eval_time_s"})
    CHECK(json[name].is_null());
  for (const char* name : {"author", "github_id", "name", "blurb", "track", "hardware", "caddie_commit"})
    CHECK(json[name] == "");
  CHECK(texts_to_fill_in({"x", "", "y", ""}) ==
        std::vector<std::string>{"github_id (--github)", "blurb (--blurb)"});
}

TEST_CASE("the log of a seed is understood line by line, with the score that counts last", "[submission]") {
  SeedRun run = made_up_facts().runs[0];
  run.summary.bpb_raw = 1.22;
  run.summary.bpb_averaged = 1.23;
  run.summary.bpb_quantized = 1.24;
  run.summary.step_ms = 5905;
  run.summary.peak_memory_bytes = 3 << 20;
  ScoreRecord other;
  other.bpb = 1.26;
  other.loss_nats = 2.52;
  run.summary.scores = {{"strided", other}};
  std::vector<std::pair<std::string, CurvePoint>> course = {{"train_loss", {50, 295, 3.5}},
                                                            {"gradient_norm", {50, 295, 0.1}},
                                                            {"val_bpb", {50, 295, 1.5}},
                                                            {"val_bpb", {100, 590.5, 1.22}}};
  std::vector<ForeignRun> read = read_log(seed_log(run, course), {});
  REQUIRE(read.size() == 1);
  const ForeignRun& back = read[0];
  CHECK(back.counts.unknown == 0);
  CHECK(back.seed == 7);
  CHECK(back.last_score()->bpb == 1.25);
  CHECK(back.last_score()->loss == 2.5);
  REQUIRE(back.scores.size() == 4);
  CHECK(back.scores[0].stage == "averaged");
  CHECK(back.scores[1].bpb == 1.24);
  CHECK(back.scores[2].stage == "strided");
  CHECK(back.scores[3].seconds == 60.0);
  CHECK(back.training.steps == 100);
  CHECK(back.training.seconds == 590.5);
  CHECK(back.training.step_ms == Approx(5905));
  CHECK(back.training.raw_bpb == 1.22);
  CHECK(back.setting("train_batch_tokens") == "512");
  CHECK(back.artifact_bytes == 1020);
  CHECK(back.peak_memory_bytes == 3 << 20);
  CHECK(back.course.size() == 3);  // the loss, and two validations
}

TEST_CASE("the README shows seeds with mean and SD, the comparison, and says which artifact it has",
          "[submission]") {
  std::string text = submission_readme(made_up_facts());
  CHECK_THAT(text,
             Contains("# gated of gates\n") &&
                 Contains("**val_bpb 1.24000** (SD 0.03606, n = 3 seeds), val_loss 2.48000, 1,022 bytes"));
  CHECK_THAT(text, Contains("| 8 | 100 | 1.270000 | 2.540000 | 1,021 | 590.5 | 61.0 |") &&
                       Contains("| Mean | 100 | 1.240000 | 2.480000 | 1,021 | 590.5 | 61.0 |") &&
                       Contains("| SD | 0 | 0.036056 | 0.072111 | 1 | 0.0 | 1.0 |"));
  CHECK_THAT(
      text, Contains("gated minus plain: -0.01000 val_bpb, 95% interval [-0.02000, +0.00500]; -0.03000 nats "
                     "per token; p = .2500 by the sweep's test (pooled, of val_bpb, corrected for all of its "
                     "arms by dunnett), which is not significant at alpha 0.01."));
  CHECK_THAT(text, Contains("the artifact of seed 7, the one with the median score: 1,000 bytes"));
  CHECK_THAT(text, Contains("## Ablation: gates\n\n6 of 6 runs done."));
  CHECK_THAT(text, Contains("caddie run experiment.toml --seed 9 --device cuda --ranks 8\n"));
  CHECK_THAT(text, Contains("lamp `abcd`") && Contains("commit `c0ffee`"));
}

TEST_CASE("the README of one seed and of a baseline claims neither SD nor difference", "[submission]") {
  ArmFacts facts = made_up_facts();
  facts.runs.resize(1);
  facts.row.is_baseline = true;
  facts.words.name = "A | B";
  std::string text = submission_readme(facts);
  CHECK_THAT(text, Contains("# A \\| B\n") && Contains("(one seed, so no SD)") &&
                       Contains("This arm is the baseline") && !Contains("minus plain"));
  CHECK_THAT(text, Contains("| SD |  |  |"));
  facts.row.is_baseline = false;
  facts.row.tested = facts.row.shown = {};
  facts.row.shown.delta = 0.5;
  CHECK_THAT(submission_readme(facts),
             Contains("gated minus plain: +0.50000 val_bpb") && Contains("there is no test of it"));
}

TEST_CASE("the README says of each rule whether it is met, and the track follows from the verdicts",
          "[submission]") {
  ArmFacts facts = made_up_facts();
  auto verdict_of = [&](size_t line) -> RuleVerdict& { return facts.checklist.lines[line].finding.verdict; };
  CHECK_THAT(submission_readme(facts), Contains("| 8 GPUs of H100 | met | 8 ranks (run.json) |"));
  CHECK(track_of(facts.checklist) == "10min_16mb");
  verdict_of(1) = RuleVerdict::not_met;
  CHECK_THAT(submission_readme(facts), Contains("| 8 GPUs of H100 | not met |"));
  CHECK(track_of(facts.checklist) == "non_record_16mb");
  verdict_of(1) = RuleVerdict::not_shown;
  CHECK(track_of(facts.checklist) == "");
  verdict_of(1) = RuleVerdict::met;
  verdict_of(0) = RuleVerdict::not_met;
  CHECK(track_of(facts.checklist) == "");
}
