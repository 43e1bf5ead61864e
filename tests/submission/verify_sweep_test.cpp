// SPDX-License-Identifier: Apache-2.0
// The evidence of a sweep's folder: which arm is taken, and what its runs tell.
#include <catch2/catch.hpp>

#include "base/files.h"
#include "submission/evidence.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

/// A sweep of three arms of three seeds, the second of them the best, with settings in each run's folder.
struct ClaimedSweep : MadeUpSweep {
  ClaimedSweep() : MadeUpSweep({{1.500, 1.501, 1.502}, {1.400, 1.401, 1.402}, {1.450, 1.451, 1.449}}) {
    plan.seeds = {0, 1, 2};
    for (const PlannedRun& run : plan.runs)
      write_file(path / run.folder / kSettingsFile,
                 "[data]\ntrain = \"nowhere/train_*.bin\"\nvalidation = \"nowhere/val_*.bin\"\n"
                 "[evaluators.a]\nuse = \"some\"\n[evaluators.b]\nuse = \"other\"\nheadline = true\n");
  }
  void claim() {
    plan.claim.emplace();
    plan.claim->test = "welch";
    plan.claim->alpha = 0.05;
  }
  SubmissionFacts gather(const std::string& arm = "") const {
    write_plan(plan, path);
    return gather_evidence(path, arm);
  }
};

}  // namespace

TEST_CASE("of several arms the best that shows the claim is taken, or the one that is named",
          "[submission]") {
  ClaimedSweep sweep;
  CHECK_THROWS_WITH(sweep.gather(), Contains("has 3 arms; name one with --arm, of: baseline, "));
  CHECK(sweep.gather("+c").arm == "+c");
  CHECK_THROWS_WITH(sweep.gather("+d"), Contains("has no such arm; did you mean '+c'"));
  sweep.claim();
  CHECK(sweep.gather().arm == "+a, \"b\"");
  sweep.plan.claim->arms = {"+c"};
  CHECK(sweep.gather().arm == "+c");
  sweep.plan.claim->margin = 1;
  CHECK_THROWS_WITH(sweep.gather(), Contains("of which none shows the claim"));
}

TEST_CASE("runs of a sweep tell seeds, scores and their headline evaluator", "[submission]") {
  SubmissionFacts facts = ClaimedSweep().gather("+c");
  REQUIRE(facts.runs.size() == 3);
  const RunFacts& run = facts.runs[1];
  CHECK((run.is_finished() && run.seed->value == 1 && run.bpb->value == 1.451 && run.loss->value == 2.902));
  CHECK((run.stage == "b" && run.evaluator == "other"));
  CHECK((run.artifact_bytes->value == 1002 && run.artifact_bytes->where == "runs/2-1/summary.json"));
  CHECK((run.gpus->value == 0 && !run.gpu && !run.owed_tokens));
  CHECK_THAT(facts.same_by, Contains("group key g2"));
  CHECK((facts.notes.empty() && facts.data.train == "nowhere/train_*.bin"));
  gather_overlap(facts, "", {});
  CHECK_THAT(facts.no_overlap, Contains("nowhere/train_*.bin is not there"));
}

TEST_CASE("a run that is not done counts nothing, and other groups are other settings", "[submission]") {
  ClaimedSweep sweep;
  std::filesystem::remove(sweep.path / "runs/2-0/summary.json");
  write_file(sweep.path / "runs/2-1/run.json", R"({"key": "0123456789abcdef", "group": "other", "seed": 1})");
  SubmissionFacts facts = sweep.gather("+c");
  CHECK_THAT(facts.runs[0].problem, Contains("it is lost"));
  CHECK(facts.finished().size() < 3);
  CHECK(facts.same_by.empty());
  CHECK((facts.notes.size() == 1 && facts.notes[0].kind == "settings_differ"));
}
