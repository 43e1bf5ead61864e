// SPDX-License-Identifier: Apache-2.0
// Facts of a submission whose numbers were made up.
#pragma once

#include "submission/arm_facts.h"

namespace caddie::testing {

/// Three runs on eight H100 GPUs, with scores 1.25, 1.27 and 1.2 for the seeds 7, 8 and 9, 20 bytes of code,
/// and a comparison with "plain".
inline ArmFacts made_up_facts() {
  static const Arm arm = [] {
    Arm made;
    made.label = "gated";
    made.experiment = "title = \"gated\"\n";
    return made;
  }();
  ArmFacts facts;
  facts.date = "2026-01-02T03:04:05Z";
  facts.sweep = "gates";
  facts.row.arm = &arm;
  facts.row.shown.delta = -0.01;
  facts.row.shown.low = -0.02;
  facts.row.shown.high = 0.005;
  facts.row.tested = facts.row.shown;
  facts.row.tested.test = "pooled";
  facts.row.tested.p = facts.row.p_adjusted = 0.25;
  facts.row.delta_nats = -0.03;
  facts.baseline = "plain";
  facts.score = facts.metric = kBpb.name;
  facts.correction = "dunnett";
  facts.alpha = 0.01;
  facts.confidence = 0.95;
  facts.table = "# gates\n\n6 of 6 runs done.\n";
  facts.has_artifact = true;
  facts.contest = "a contest";
  facts.checklist.lines = {{"bytes", {RuleVerdict::met, "at most 16,000,000 bytes", {"1,022 bytes"}}},
                           {"hardware", {RuleVerdict::met, "8 GPUs of H100", {"8 ranks (run.json)"}}}};
  const double bpb[] = {1.25, 1.27, 1.2}, loss[] = {2.5, 2.54, 2.4};
  for (int64_t i = 0; i < 3; ++i) {
    SeedRun run{7 + i, "runs/gated-s" + std::to_string(7 + i), {}, {}};
    run.summary.status = "done";
    run.summary.bpb = bpb[i];
    run.summary.loss_nats = loss[i];
    run.summary.steps = 100;
    run.summary.tokens = 51'200;
    run.summary.train_seconds = 590.5;
    run.summary.evaluation_seconds = 60 + double(i);
    run.summary.model_bytes = 1000 + i;
    run.summary.code_bytes = 20;
    run.summary.artifact_bytes = 1020 + i;
    run.record.machine.gpu = "NVIDIA H100 80GB HBM3";
    run.record.machine.ranks = 8;
    run.record.git = BuiltFrom{"c0ffee", false};
    run.record.plugins = {{"lamp", "abcd"}};
    facts.runs.push_back(run);
  }
  return facts;
}

}  // namespace caddie::testing
