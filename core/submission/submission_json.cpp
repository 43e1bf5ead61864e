// SPDX-License-Identifier: Apache-2.0
// Numbers are written with all their digits, so that a reader computes the same means.
#include "submission/submission_json.h"

#include "report/cells.h"

namespace caddie {
namespace {

Json number_of(const SeedRun& run, const Metric& metric) { return number_or_null(run.number(metric)); }

Json count_of(const std::optional<int64_t>& count) { return count ? Json(*count) : Json(); }

Json seed_json(const SeedRun& run) {
  const RunSummary& summary = run.summary;
  return {{kBpb.name, number_of(run, kBpb)},
          {"val_loss", number_of(run, kLossNats)},
          {kSteps.name, count_of(summary.steps)},
          {kStepMs.name, number_of(run, kStepMs)},
          {kTrainSeconds.name, number_of(run, kTrainSeconds)},
          {kEvaluationSeconds.name, number_of(run, kEvaluationSeconds)},
          {kArtifactBytes.name, count_of(summary.artifact_bytes)},
          {kModelBytes.name, count_of(summary.model_bytes)},
          {kCodeBytes.name, count_of(summary.code_bytes)}};
}

std::string commit_of(const SeedRun& run) {
  if (!run.record.git) return "";
  return run.record.git->commit + (run.record.git->dirty ? " (changed)" : "");
}

}  // namespace

Json submission_json(const ArmFacts& facts) {
  Sample bpb = facts.sample(kBpb), loss = facts.sample(kLossNats);
  const RunSummary& largest = facts.largest_run().summary;
  Json seeds = Json::array(), results = Json::object();
  for (const SeedRun& run : facts.runs) {
    seeds.push_back(run.seed);
    results[std::to_string(run.seed)] = seed_json(run);
  }
  return {{"author", facts.words.author},
          {"github_id", facts.words.github_id},
          {"name", facts.words.name},
          {"blurb", facts.words.blurb},
          {"date", facts.date},
          {"track", track_of(facts.checklist)},
          {kBpb.name, number_or_null(bpb.mean)},
          {"val_bpb_std", number_or_null(bpb.sd)},
          {"val_loss", number_or_null(loss.mean)},
          {"val_loss_std", number_or_null(loss.sd)},
          {"seeds", seeds},
          {"seed_results", results},
          {kTrainSeconds.name, number_or_null(facts.sample(kTrainSeconds).mean)},
          {kEvaluationSeconds.name, number_or_null(facts.sample(kEvaluationSeconds).mean)},
          {kArtifactBytes.name, count_of(largest.artifact_bytes)},
          {"bytes_total", count_of(largest.artifact_bytes)},
          {kModelBytes.name, count_of(largest.model_bytes)},
          {kCodeBytes.name, count_of(largest.code_bytes)},
          {"hardware", facts.hardware()},
          {"artifact_seed", facts.has_artifact ? Json(facts.chosen_run().seed) : Json()},
          {"caddie_commit", facts.distinct(commit_of)}};
}

std::string track_of(const Checklist& checklist) {
  bool is_record = true, fits = false;
  for (const auto& [name, finding] : checklist.lines) {
    if (name == "bytes") fits = finding.verdict == RuleVerdict::met;
    if (name != "hardware" && name != "train_time" && name != "eval_time") continue;
    if (finding.verdict == RuleVerdict::not_shown) return "";
    is_record = is_record && finding.verdict == RuleVerdict::met;
  }
  if (!fits) return "";
  return is_record ? "10min_16mb" : "non_record_16mb";
}

std::vector<std::string> texts_to_fill_in(const SubmissionWords& words) {
  std::vector<std::string> empty;
  if (words.author.empty()) empty.push_back("author (--author)");
  if (words.github_id.empty()) empty.push_back("github_id (--github)");
  if (words.name.empty()) empty.push_back("name (--name)");
  if (words.blurb.empty()) empty.push_back("blurb (--blurb)");
  return empty;
}

}  // namespace caddie
