// SPDX-License-Identifier: Apache-2.0
// Bytes, times and machines of a made-up submission, each rule broken by itself.
#include <catch2/catch.hpp>

#include "submission/checks.h"
#include "support/made_up_submission.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

Rules rules_of_cost() {
  Rules rules;
  rules.bytes.limit_bytes = 16000000;
  rules.bytes.artifacts = {"*.ptz"};
  rules.bytes.code = {"train_gpt.py"};
  rules.time.train_seconds = rules.time.eval_seconds = 600;
  rules.hardware.gpus = 8;
  rules.hardware.gpu = "*H100*";
  return rules;
}

RuleVerdict bytes(const SubmissionFacts& facts) { return check_bytes(rules_of_cost(), facts)->verdict; }
std::string bytes_said(const SubmissionFacts& facts) { return said(check_bytes(rules_of_cost(), facts)); }
RuleVerdict hardware(const SubmissionFacts& facts) { return check_hardware(rules_of_cost(), facts)->verdict; }

}  // namespace

TEST_CASE("what the rules do not name is not asked", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  CHECK_FALSE(check_bytes({}, facts));
  CHECK_FALSE(check_train_time({}, facts));
  CHECK_FALSE(check_eval_time({}, facts));
  CHECK_FALSE(check_faster({}, facts));
  CHECK_FALSE(check_hardware({}, facts));
}

TEST_CASE("a size without any code is not that of code and weights", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  facts.content.files.clear();
  for (RunFacts& run : facts.runs) run.code_bytes->value = 0;
  CHECK(bytes(facts) == RuleVerdict::not_shown);
  CHECK_THAT(bytes_said(facts), Contains("no code is counted (train_seed1.log:84)"));
}

TEST_CASE("the limit of bytes is decimal and holds for the largest run", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  CHECK(bytes(facts) == RuleVerdict::met);
  facts.runs[1].artifact_bytes->value = 16000000;
  CHECK(bytes(facts) == RuleVerdict::met);
  facts.runs[1].artifact_bytes->value = 16000001;
  CHECK(bytes(facts) == RuleVerdict::not_met);
  CHECK_THAT(bytes_said(facts),
             Contains("16,000,001 bytes (train_seed2.log:86), 1 too many; the limit is decimal, not 16 MiB"));
}

TEST_CASE("model and code count together where a log's total is less", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  facts.runs[0].model_bytes->value =
      15960000;  // 15,960,000 + 50,000 is over, the total still says 15,950,000
  CHECK(bytes(facts) == RuleVerdict::not_met);
  facts = made_up_submission();
  facts.runs[2].artifact_bytes.reset();
  facts.runs[2].code_bytes.reset();
  CHECK(bytes(facts) == RuleVerdict::not_shown);
  CHECK_THAT(bytes_said(facts), Contains("is not told by train_seed3.log"));
}

TEST_CASE("code and weights in the folder are held against what the logs count", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  FolderFile& code = facts.content.files[2];
  code.bytes = 99999;  // 15,900,000 + 99,999 fits
  CHECK(bytes(facts) == RuleVerdict::met);
  code.bytes = 100001;
  CHECK(bytes(facts) == RuleVerdict::not_met);
  CHECK_THAT(bytes_said(facts), Contains("train_gpt.py has 100,001 bytes, where the log counts 50,000"));
  for (RunFacts& run : facts.runs) run.code_is_packed = true;  // what is shipped may be the packed code
  CHECK(bytes(facts) == RuleVerdict::not_shown);
  code.bytes = 50000;
  facts.content.files.push_back({"final_model.int8.ptz", 15949999});
  CHECK(bytes(facts) == RuleVerdict::met);
  facts.content.files.back().bytes = 15950001;
  CHECK(bytes(facts) == RuleVerdict::not_met);
  facts.content.files.back().path = "old/final_model.int8.ptz";
  CHECK(bytes(facts) == RuleVerdict::met);
}

TEST_CASE("times hold for the slowest run, with slack for the last step of training", "[submission]") {
  Rules rules = rules_of_cost();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_train_time(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[2].train_seconds->value = 601.5;
  RuleFinding slow = *check_train_time(rules, facts);
  CHECK(slow.verdict == RuleVerdict::not_met);
  CHECK_THAT(slow.evidence[0], Contains("601.500 s (train_seed3.log:80), 1.500 s too long"));
  facts.runs[0].train_seconds.reset();
  CHECK(check_train_time(rules, facts)->verdict == RuleVerdict::not_met);
  facts.runs[2].train_seconds->value = 600;
  CHECK(check_train_time(rules, facts)->verdict == RuleVerdict::not_shown);
  CHECK(check_eval_time(rules, facts)->verdict == RuleVerdict::met);
  facts.runs[1].eval_seconds->value = 600.1;
  CHECK(check_eval_time(rules, facts)->verdict == RuleVerdict::not_met);
}

TEST_CASE("a run that did not finish costs nothing, and without any nothing is shown", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  facts.runs[0].artifact_bytes->value = 17000000;
  facts.runs[0].problem = "it ends at step 5 without a final score";
  CHECK(bytes(facts) == RuleVerdict::met);
  for (RunFacts& run : facts.runs) run.problem = "it crashed";
  facts.content.files.clear();
  CHECK(bytes(facts) == RuleVerdict::not_shown);
  CHECK(check_train_time(rules_of_cost(), facts)->verdict == RuleVerdict::not_shown);
  CHECK(hardware(facts) == RuleVerdict::not_shown);
}

TEST_CASE("a speed record trains for a shorter time on average", "[submission]") {
  Rules rules;
  rules.time.beat_record = true;
  SubmissionFacts facts = made_up_submission();
  CHECK(check_faster(rules, facts)->verdict == RuleVerdict::not_met);  // as long as the record
  facts.runs[0].train_seconds->value = 599;
  CHECK(check_faster(rules, facts)->verdict == RuleVerdict::met);
  facts.record.clear();
  CHECK(check_faster(rules, facts)->verdict == RuleVerdict::not_shown);
}

TEST_CASE("the machine is that of the logs, or what submission.json says of it", "[submission]") {
  SubmissionFacts facts = made_up_submission();
  CHECK(hardware(facts) == RuleVerdict::met);
  for (RunFacts& run : facts.runs) run.gpu.reset();
  CHECK(hardware(facts) == RuleVerdict::not_shown);
  facts.content.submission = ForeignJson{{"hardware", "8xH100 80GB SXM"}};
  CHECK(hardware(facts) == RuleVerdict::met);
  facts.content.submission = ForeignJson{{"hardware", "8xA100"}};
  CHECK(hardware(facts) == RuleVerdict::not_met);
  facts = made_up_submission();
  facts.runs[2].gpu->value = "NVIDIA A100-SXM4-80GB";
  CHECK(hardware(facts) == RuleVerdict::not_met);
  facts = made_up_submission();
  facts.runs[1].gpus->value = 4;
  CHECK(hardware(facts) == RuleVerdict::not_met);
  for (RunFacts& run : facts.runs) {
    run.gpus.reset();
    run.listed_gpus = Shown<int64_t>{8, run.name + ":4"};
  }
  CHECK(hardware(facts) == RuleVerdict::met);
  for (RunFacts& run : facts.runs) run.listed_gpus->value = 1;  // of which a log may leave out rows
  CHECK(hardware(facts) == RuleVerdict::not_shown);
}
