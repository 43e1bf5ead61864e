// SPDX-License-Identifier: Apache-2.0
// Numbers of runs, seeds, settings and the test of scores of a made-up submission. p values are
// SciPy's 1.17.1.
#include <catch2/catch.hpp>

#include "submission/checks.h"
#include "submission/score_test.h"
#include "support/made_up_submission.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

Rules rules_of_runs() {
  Rules rules;
  rules.runs.min_runs = rules.runs.min_seeds = 3;
  rules.significance.emplace();
  return rules;
}

/// The verdict on the significance of three runs against three, by the margin and the level.
RuleVerdict verdict(double margin, double alpha) {
  Rules rules = rules_of_runs();
  rules.significance->margin_nats = margin;
  rules.significance->alpha = alpha;
  return check_significance(rules, made_up_submission())->verdict;
}

}  // namespace

TEST_CASE("runs are counted that finished, and seeds that differ", "[submission]") {
  Rules rules = rules_of_runs();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_runs(rules, facts)->verdict == RuleVerdict::met);
  CHECK(check_seeds(rules, facts)->verdict == RuleVerdict::met);
  facts.runs.push_back(made_up_run(2, 2.071));
  CHECK(check_seeds(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_seeds(rules, facts)), Contains("seed 2 was run 2 times"));
  facts = made_up_submission();
  facts.runs[0].problem = "it ends at step 5 without a final score";
  CHECK(check_runs(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_runs(rules, facts)), Contains("train_seed1.log: it ends at step 5"));
  CHECK(check_seeds(rules, facts)->verdict == RuleVerdict::not_met);
}

TEST_CASE("seeds that nothing tells may be enough", "[submission]") {
  Rules rules = rules_of_runs();
  SubmissionFacts facts = made_up_submission();
  for (RunFacts& run : facts.runs) run.seed.reset();
  CHECK(check_seeds(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.runs.pop_back();
  CHECK(check_seeds(rules, facts)->verdict == RuleVerdict::not_met);
  rules.runs.min_seeds = 0;
  CHECK_FALSE(check_seeds(rules, facts));
}

TEST_CASE("a seed other than the one in a file's name is told", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  facts.runs[0].name_seed = 0;
  CHECK_THAT(said(check_seeds(rules_of_runs(), facts)), Contains("train_seed1.log tells the seed 1, other"));
}

TEST_CASE("settings, provenance and courses must agree", "[submission]") {
  Rules rules = rules_of_runs();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_settings(rules, facts)->verdict == RuleVerdict::met);
  for (const char* kind : {"settings_differ", "another_record", "same_course", "other_stage"}) {
    facts.notes = {{kind, "", "its runs differ in lr (0.1, 0.2)", {}, true}};
    CHECK(check_settings(rules, facts)->verdict == RuleVerdict::not_met);
    CHECK_THAT(said(check_settings(rules, facts)), Contains("lr (0.1, 0.2)"));
  }
  facts.notes = {{"rerun", "", "a rerun", {}, false}};
  CHECK(check_settings(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[0].code_bytes->value = 50100;
  CHECK(check_settings(rules, facts)->verdict == RuleVerdict::not_shown);
  facts = made_up_submission();
  facts.settings_are_known = false;
  CHECK(check_settings(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.runs.resize(1);
  CHECK(check_settings(rules, facts)->verdict == RuleVerdict::not_shown);
}

TEST_CASE("the test of losses is SciPy's one-sided Welch, with a margin and without", "[submission]") {
  SignificanceRules rules;
  rules.margin_nats = 0.005;
  ScoreTest test = test_scores(rules, made_up_submission());
  // scipy.stats.ttest_ind([2.0711, 2.0725, 2.0703], [2.0804, 2.0817, 2.0797], equal_var=False,
  //                       alternative="less"), and with 0.005 added to each of the first
  CHECK(test.plain.p == Approx(0.00022673853410983853).epsilon(1e-9));
  CHECK(test.tested.p == Approx(0.003985830755806961).epsilon(1e-9));
  CHECK(test.tested.df == Approx(3.9660573407736788).epsilon(1e-12));
  CHECK(test.unit == "nats per token");
  CHECK(verdict(0.005, 0.01) == RuleVerdict::met);
  CHECK(verdict(0.005, 0.003) == RuleVerdict::not_met);
  CHECK(verdict(0.0, 0.003) == RuleVerdict::met);
  CHECK(verdict(0.01, 0.25) == RuleVerdict::not_met);  // the means differ by 0.0093
}

TEST_CASE("scores of other tokenizers are compared in bits per byte, with the margin in them",
          "[submission]") {
  SubmissionFacts facts = made_up_submission();
  const double own[] = {1.0801, 1.0807, 1.0794}, record[] = {1.0862, 1.0857, 1.0871};
  for (size_t i = 0; i < 3; ++i) {
    facts.runs[i].bpb->value = own[i];
    facts.record[i].bpb->value = record[i];
    facts.record[i].bytes_per_token = 2.43592;
  }
  SignificanceRules rules;
  rules.margin_nats = 0.005;
  ScoreTest test = test_scores(rules, facts);
  CHECK(test.unit == "bits per byte");
  CHECK(test.margin == Approx(0.001935656398527575).epsilon(1e-12));  // 0.005 / (ln 2 * 3.72663)
  // scipy.stats.ttest_ind(own + margin, record, equal_var=False, alternative="less")
  CHECK(test.tested.p == Approx(0.0007539501497933271).epsilon(1e-9));
  for (RunFacts& run : facts.runs) run.bytes_per_token.reset();
  CHECK_THAT(test_scores(rules, facts).impossible, Contains("bytes per token"));
}

TEST_CASE("a target is tested by SciPy's one-sample test", "[submission]") {
  Rules rules = rules_of_runs();
  rules.significance->test = "one_sample";
  rules.significance->target = 3.28;
  SubmissionFacts facts;
  for (double loss : {3.2771, 3.2784, 3.2779, 3.2790, 3.2768}) {
    facts.runs.push_back(made_up_run(int64_t(facts.runs.size()), loss));
    facts.runs.back().bpb.reset();
  }
  // scipy.stats.ttest_1samp([3.2771, 3.2784, 3.2779, 3.2790, 3.2768], 3.28, alternative="less")
  CHECK(test_scores(*rules.significance, facts).tested.p == Approx(0.0029946822036561902).epsilon(1e-9));
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::met);
  rules.significance->alpha = 0.002;
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::not_met);
}

TEST_CASE("a record may be a list of losses in the rules", "[submission]") {
  Rules rules = rules_of_runs();
  rules.significance->record = {2.0804, 2.0817};
  SubmissionFacts facts = made_up_submission();
  facts.record.clear();
  // scipy.stats.ttest_ind([2.0711, 2.0725, 2.0703], [2.0804, 2.0817], equal_var=False, alternative="less")
  CHECK(test_scores(*rules.significance, facts).tested.p == Approx(0.0015049777572582986).epsilon(1e-9));
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::met);
}

TEST_CASE("without a record, or with one run, nothing is shown unless the mean is no lower", "[submission]") {
  Rules rules = rules_of_runs();
  SubmissionFacts facts = made_up_submission();
  facts.record.clear();
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::not_shown);
  CHECK_THAT(said(check_significance(rules, facts)), Contains("--against"));
  facts = made_up_submission();
  facts.runs.resize(1);
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.record.resize(1);
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.runs[0].loss->value = 2.09;
  CHECK(check_significance(rules, facts)->verdict == RuleVerdict::not_met);
  rules.significance.reset();
  CHECK_FALSE(check_significance(rules, facts));
}
