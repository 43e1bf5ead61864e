// SPDX-License-Identifier: Apache-2.0
// Scores are numbered in their order: two runs of one seed stay two values here, and are another check's.
#include "submission/score_test.h"

#include <cmath>
#include <map>
#include <numbers>

#include "report/arm_test.h"
#include "results/metrics.h"
#include "statistics/interval.h"

namespace caddie {
namespace {

using Scores = std::map<int64_t, double>;

/// Returns a score of each run; nothing when one lacks it.
Scores scores_of(const Runs& runs, MaybeShown<double> RunFacts::*score) {
  Scores scores;
  for (const RunFacts* run : runs) {
    if (!(run->*score)) return {};
    scores[int64_t(scores.size())] = (run->*score)->value;
  }
  return scores;
}

Sample sample_of_scores(const Scores& scores) {
  std::vector<double> values;
  for (const auto& [place, value] : scores) values.push_back(value);
  return summarize(values);
}

/// Returns the bytes per token of the runs; nothing where one does not tell, or they differ.
std::optional<double> common_bytes_per_token(const Runs& runs) {
  std::optional<double> common;
  for (const RunFacts* run : runs) {
    std::optional<double> own = run->bytes_per_token;
    if (!own || (common && !is_near(*own, *common, kByteTolerance))) return std::nullopt;
    if (!common) common = own;
  }
  return common;
}

/// Tells whether losses per token of both are of the same tokens: their bytes per token are equal, or neither
/// side has any because only losses are scored.
bool has_same_tokens(const Runs& own, const Runs& record) {
  std::optional<double> a = common_bytes_per_token(own), b = common_bytes_per_token(record);
  if (a && b) return is_near(*a, *b, kByteTolerance);
  auto none = [](const Runs& runs) {
    for (const RunFacts* run : runs)
      if (run->bpb) return false;
    return true;
  };
  return none(own) && none(record);
}

void run_tests(const std::string& name, const ArmPair& pair, double alpha, ScoreTest& test) {
  test.own = sample_of_scores(pair.arm);
  test.record = sample_of_scores(pair.baseline);
  test.hypothesis = one_sided_hypothesis(Tail::less, test.margin, alpha);
  test.tested = run_test(name, pair, test.hypothesis);
  test.plain = run_test(name, pair, one_sided_hypothesis(Tail::less, 0, alpha));
  if (!test.target && !std::isfinite(test.plain.delta)) test.plain.delta = test.own.mean - test.record.mean;
}

void in_nats(const SignificanceRules& rules, ScoreTest& test) {
  test.metric = kLossNats.name;
  test.unit = "nats per token";
  test.margin = rules.margin_nats;
}

/// Chooses bits per byte, and the margin in them. Returns false when the margin cannot be converted.
bool in_bits(const SignificanceRules& rules, const Runs& own, ScoreTest& test) {
  std::optional<double> bytes = common_bytes_per_token(own);
  test.metric = kBpb.name;
  test.unit = "bits per byte";
  if (rules.margin_nats > 0 && !bytes) return false;
  test.margin = bytes ? rules.margin_nats / (std::numbers::ln2 * *bytes) : 0;
  return true;
}

ScoreTest test_against_target(const SignificanceRules& rules, const Runs& own) {
  ScoreTest test;
  Scores losses = scores_of(own, &RunFacts::loss);
  if (losses.empty()) {
    test.impossible = "not every run tells a loss in nats per token";
    return test;
  }
  in_nats(rules, test);
  test.target = rules.target;
  run_tests("one_sample", {losses, {}, false, {}, *rules.target}, rules.alpha, test);
  return test;
}

ScoreTest test_against_runs(const SignificanceRules& rules, const Runs& own, const Runs& record) {
  ScoreTest test;
  Scores a = scores_of(own, &RunFacts::loss), b = scores_of(record, &RunFacts::loss);
  in_nats(rules, test);
  if (a.empty() || b.empty() || !has_same_tokens(own, record)) {
    a = scores_of(own, &RunFacts::bpb);
    b = scores_of(record, &RunFacts::bpb);
    if (!in_bits(rules, own, test))
      test.impossible =
          "the margin is in nats per token, and the bytes per token of the scores are not known";
  }
  if (a.empty() || b.empty())
    test.impossible = "no score in one unit is told by every run of both sides";
  else if (test.impossible.empty())
    run_tests(rules.test, {a, b}, rules.alpha, test);
  return test;
}

ScoreTest test_against_losses(const SignificanceRules& rules, const Runs& own) {
  ScoreTest test;
  in_nats(rules, test);
  Scores losses = scores_of(own, &RunFacts::loss), record;
  for (double loss : rules.record) record[int64_t(record.size())] = loss;
  if (losses.empty())
    test.impossible = "not every run tells a loss in nats per token";
  else
    run_tests(rules.test, {losses, record}, rules.alpha, test);
  return test;
}

}  // namespace

ScoreTest test_scores(const SignificanceRules& rules, const SubmissionFacts& facts) {
  Runs own = facts.finished(), record = finished_of(facts.record);
  ScoreTest test;
  if (own.empty())
    test.impossible = "no run is finished";
  else if (rules.target)
    return test_against_target(rules, own);
  else if (!record.empty())
    return test_against_runs(rules, own, record);
  else if (!rules.record.empty())
    return test_against_losses(rules, own);
  else
    test.impossible = "no record is named; give its folder with --against";
  return test;
}

}  // namespace caddie
