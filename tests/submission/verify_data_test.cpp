// SPDX-License-Identifier: Apache-2.0
// Coverage, bytes per token, evaluation and data of made-up submissions, of other programs and of Caddie.
#include <catch2/catch.hpp>

#include "submission/checks.h"
#include "support/made_up_submission.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

Rules rules_of_data() {
  Rules rules;
  rules.evaluation.score_first = rules.evaluation.single_pass = rules.data.overlap = true;
  rules.data.shards = {{"CaseOps", 80}, {"SP8192", 100}};
  return rules;
}

/// Runs that Caddie scored, which know what they scored.
SubmissionFacts own_runs() {
  SubmissionFacts facts = made_up_submission();
  facts.kind = FolderKind::sweep;
  for (RunFacts& run : facts.runs) {
    run.evaluator = "some_evaluator";
    run.scored_tokens = Shown<int64_t>{4096, "runs/a-s1/summary.json"};
    run.owed_tokens = Shown<int64_t>{4096, "data/val_*.bin"};
    run.tokenizer = nullptr;
    run.bytes_are_counted = true;
    run.data = {{"train", "aa11"}, {"validation", "bb22"}};
    run.data_is_hashed = true;
  }
  return facts;
}

}  // namespace

TEST_CASE("all of the validation text is scored, or the part is named", "[submission]") {
  Rules rules = rules_of_data();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_coverage(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[1].validation_tokens->value = 9662464;
  CHECK(check_coverage(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_coverage(rules, facts)),
             Contains("9,662,464 tokens of validation text, where 40,540,160"));
  facts.runs[1].validation_tokens.reset();
  CHECK(check_coverage(rules, facts)->verdict == RuleVerdict::not_shown);
  facts = made_up_submission();
  facts.runs[0].unscored = "only 0.5 of the documents are scored (val_doc_fraction)";
  CHECK(check_coverage(rules, facts)->verdict == RuleVerdict::not_met);
  rules.validation.tokens = 10485760;  // what the rules name holds for every tokenizer
  CHECK(check_coverage(rules, made_up_submission())->verdict == RuleVerdict::not_met);
}

TEST_CASE("bytes per token are the tokenizer's within the tolerance of the rules", "[submission]") {
  Rules rules = rules_of_data();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_bytes_per_token(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[0].bytes_per_token = 3.72663 * 1.002;
  CHECK(check_bytes_per_token(rules, facts)->verdict == RuleVerdict::not_met);
  rules.validation.bytes_tolerance = 0.003;
  CHECK(check_bytes_per_token(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[0].bytes_per_token = 3.72663 * 1.177;
  CHECK_THAT(said(check_bytes_per_token(rules, facts)), Contains("leading space of tokens is counted twice"));
  facts.runs[0].tokenizer = nullptr;
  CHECK(check_bytes_per_token(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.runs[0].other_bytes = "those of SP8192 with the leading space of tokens counted twice";
  CHECK(check_bytes_per_token(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK(check_bytes_per_token(rules, own_runs())->verdict == RuleVerdict::met);
}

TEST_CASE("a log proves nothing of its evaluation, Caddie's scorer does", "[submission]") {
  Rules rules = rules_of_data();
  CHECK(check_score_first(rules, made_up_submission())->verdict == RuleVerdict::not_shown);
  CHECK(check_single_pass(rules, made_up_submission())->verdict == RuleVerdict::not_shown);
  SubmissionFacts own = own_runs();
  CHECK(check_score_first(rules, own)->verdict == RuleVerdict::met);
  CHECK_THAT(said(check_score_first(rules, own)), Contains("'some_evaluator'"));
  CHECK(check_single_pass(rules, own)->verdict == RuleVerdict::met);
  CHECK(check_coverage(rules, own)->verdict == RuleVerdict::met);
  own.runs[2].scored_tokens->value = 4095;
  CHECK(check_single_pass(rules, own)->verdict == RuleVerdict::not_shown);
  CHECK(check_coverage(rules, own)->verdict == RuleVerdict::not_met);
  own.runs[2].owed_tokens.reset();
  CHECK(check_coverage(rules, own)->verdict == RuleVerdict::not_shown);
}

TEST_CASE("all runs read the same data, by names or by hashes", "[submission]") {
  Rules rules = rules_of_data();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_same_data(rules, facts)->verdict == RuleVerdict::met);
  CHECK_THAT(said(check_same_data(rules, facts)), Contains("only hashes would prove"));
  facts.runs[1].data[0].second = "copy_of_fineweb";  // which may hold the same
  CHECK(check_same_data(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.runs[1].data[1].second = "fineweb_1024_bpe.model";
  CHECK(check_same_data(rules, facts)->verdict == RuleVerdict::not_met);
  facts.runs[1].data.clear();
  CHECK(check_same_data(rules, facts)->verdict == RuleVerdict::not_shown);
  SubmissionFacts own = own_runs();
  CHECK(check_same_data(rules, own)->verdict == RuleVerdict::met);
  own.runs[2].data[0].second = "aa12";
  CHECK(check_same_data(rules, own)->verdict == RuleVerdict::not_met);
}

TEST_CASE("more training shards than are published were prepared elsewhere", "[submission]") {
  Rules rules = rules_of_data();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_shards(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[2].train_shards->value = 1499;
  CHECK(check_shards(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_shards(rules, facts)), Contains("1,499 shards") && Contains("train_seed3.log:11"));
  rules.data.shards.erase("SP8192");
  CHECK_FALSE(check_shards(rules, facts));
}

TEST_CASE("the share of validation text in the training text decides", "[submission]") {
  Rules rules = rules_of_data();
  SubmissionFacts facts = made_up_submission();
  facts.no_overlap = "no data at hand";
  CHECK(check_overlap(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.overlap.emplace();
  facts.overlap->samples = 1000;
  facts.overlap->found = 20;
  CHECK(check_overlap(rules, facts)->verdict == RuleVerdict::met);
  facts.overlap->found = 21;
  facts.overlap->first = "train_000003.bin:77";
  CHECK(check_overlap(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_overlap(rules, facts)), Contains("21 of 1,000 sampled (2.1 %)") && Contains(":77"));
  rules.data.overlap = false;
  CHECK_FALSE(check_overlap(rules, facts));
}
