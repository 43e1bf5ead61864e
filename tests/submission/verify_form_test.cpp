// SPDX-License-Identifier: Apache-2.0
// Files of a submission, fields of submission.json in several spellings, and what these claim.
#include <catch2/catch.hpp>

#include "submission/checks.h"
#include "support/made_up_submission.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

Rules rules_of_form() {
  Rules rules;
  rules.form.files = {"README.md", "submission.json", "train_gpt.py|train.py", "*.log|*.txt"};
  rules.form.fields = {{"author", {"author", "authors"}},
                       {"bytes", {"bytes_total", "artifact_bytes"}},
                       {"val_bpb", {"val_bpb", "mean_val_bpb"}}};
  rules.form.claims = true;
  return rules;
}

SubmissionFacts with_json(const ForeignJson& json) {
  SubmissionFacts facts = made_up_submission();
  const double scores[] = {1.0801, 1.0807, 1.0795};  // their mean is 1.0801
  for (size_t i = 0; i < 3; ++i) facts.runs[i].bpb->value = scores[i];
  facts.content.submission = json;
  return facts;
}

}  // namespace

TEST_CASE("files of a submission are there, or it is a folder of logs", "[submission]") {
  Rules rules = rules_of_form();
  SubmissionFacts facts = made_up_submission();
  CHECK(check_files(rules, facts)->verdict == RuleVerdict::met);
  for (size_t i = 3; i < 6; ++i) facts.content.files[i].path = "logs/" + facts.content.files[i].path;
  CHECK(check_files(rules, facts)->verdict == RuleVerdict::met);
  facts.content.files.erase(facts.content.files.begin());
  CHECK(check_files(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_files(rules, facts)), Contains("there is no README.md"));
  facts.content.files = {{"a.log", 9}, {"b.txt.gz", 9}};
  CHECK(check_files(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.kind = FolderKind::sweep;
  CHECK(check_files(rules, facts)->verdict == RuleVerdict::not_shown);
}

TEST_CASE("fields of submission.json are found under each of their names, at any depth", "[submission]") {
  Rules rules = rules_of_form();
  ForeignJson json = {
      {"authors", {"A"}}, {"result", {{"mean_val_bpb", 1.0801}}}, {"artifact_bytes", 15950000}};
  CHECK(check_fields(rules, with_json(json))->verdict == RuleVerdict::met);
  CHECK_THAT(said(check_fields(rules, with_json(json))), Contains("val_bpb as mean_val_bpb"));
  json["authors"] = " ";
  CHECK_THAT(said(check_fields(rules, with_json(json))), Contains("missing: authors (it is empty)"));
  json.erase("authors");
  CHECK(check_fields(rules, with_json(json))->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_fields(rules, with_json(json))), Contains("author (one of author, authors)"));
  SubmissionFacts facts = made_up_submission();
  CHECK(check_fields(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.content.damage = "holds no JSON object";
  CHECK(check_fields(rules, facts)->verdict == RuleVerdict::not_met);
}

TEST_CASE("a claimed score is the mean of the logs", "[submission]") {
  Rules rules = rules_of_form();
  auto verdict = [&](double score) { return check_claims(rules, with_json({{"val_bpb", score}}))->verdict; };
  CHECK(verdict(1.0801) == RuleVerdict::met);
  CHECK(verdict(1.08014) == RuleVerdict::met);
  CHECK(verdict(1.0795) == RuleVerdict::not_shown);  // that of the best run alone
  CHECK(verdict(1.0788) == RuleVerdict::not_met);
  CHECK_THAT(said(check_claims(rules, with_json({{"val_bpb", 1.0795}}))),
             Contains("one run (train_seed3.log:90)"));
}

TEST_CASE("a claimed mean counts before what is claimed of one seed", "[submission]") {
  ForeignJson json = {{"mean_val_bpb", 1.0801}, {"seed_results", {{"1", {{"val_bpb", 1.07}}}}}};
  CHECK(check_claims(rules_of_form(), with_json(json))->verdict == RuleVerdict::met);
}

TEST_CASE("scores that are claimed seed by seed are those of the logs", "[submission]") {
  Rules rules = rules_of_form();
  SubmissionFacts facts = with_json({{"val_bpb", 1.0801}});
  facts.content.claimed = facts.runs;
  CHECK(check_claims(rules, facts)->verdict == RuleVerdict::met);
  CHECK_THAT(said(check_claims(rules, facts)), Contains("the scores of 3 seeds are those of their logs"));
  facts.content.claimed[1].bpb->value += 0.0001;
  CHECK(check_claims(rules, facts)->verdict == RuleVerdict::not_met);
  CHECK_THAT(said(check_claims(rules, facts)),
             Contains("seed 2: 1.0808, its log has 1.0807 (train_seed2.log:90)"));
  facts.content.claimed = {made_up_run(9, 2.07)};
  CHECK(check_claims(rules, facts)->verdict == RuleVerdict::not_shown);
  facts.content.claimed = facts.runs;
  for (RunFacts& run : facts.runs) run.is_claim = true;
  CHECK_THAT(said(check_claims(rules, facts)), Contains("no log to hold it against"));
}

TEST_CASE("claimed bytes are those of a run", "[submission]") {
  Rules rules = rules_of_form();
  auto verdict = [&](int64_t bytes) {
    return check_claims(rules, with_json({{"bytes_total", bytes}}))->verdict;
  };
  CHECK(verdict(15950000) == RuleVerdict::met);
  CHECK(verdict(15949999) == RuleVerdict::not_shown);
  CHECK(check_claims(rules, with_json({{"name", "x"}}))->verdict == RuleVerdict::not_shown);
  rules.form.claims = false;
  CHECK_FALSE(check_claims(rules, with_json({})));
}
