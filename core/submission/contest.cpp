// SPDX-License-Identifier: Apache-2.0
// A requirement is met when every run meets it; it is not shown when some run does not tell.
#include "submission/contest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "export/account.h"

namespace caddie {
namespace {

constexpr double kMostSeconds = 600;
constexpr size_t kFewestSeeds = 3;
constexpr int64_t kGpus = 8;
constexpr const char* kGpu = "H100";
// The places of requirements in the list.
constexpr size_t kHardware = 0, kBytes = 1, kTraining = 2, kEvaluation = 3;

std::optional<bool> is_contest_hardware(const MachineRecord& machine) {
  if (machine.gpu.empty() && machine.cpu.empty()) return std::nullopt;
  return machine.gpu.find(kGpu) != std::string::npos && machine.ranks.value_or(1) == kGpus;
}

Requirement hardware_requirement(const SubmissionFacts& facts) {
  Requirement asked{fmt::format("{} {} GPUs", kGpus, kGpu), true, facts.hardware()};
  for (const SeedRun& run : facts.runs) {
    std::optional<bool> met = is_contest_hardware(run.record.machine);
    if (!met && asked.met) asked.met.reset();
    if (met == false) asked.met = false;
    if (asked.met == false) break;
  }
  if (asked.found.empty()) asked.found = "the runs do not tell what they were made on";
  return asked;
}

Requirement bytes_requirement(const SubmissionFacts& facts) {
  Requirement asked{fmt::format("at most {} bytes of model and code", with_commas(kArtifactLimit)), {}, ""};
  const SeedRun& largest = facts.largest_run();
  if (facts.numbers(kArtifactBytes).size() < facts.runs.size()) {
    asked.found = "the runs do not tell their bytes";
    return asked;
  }
  int64_t bytes = *largest.summary.artifact_bytes, code = largest.summary.code_bytes.value_or(0);
  asked.met = bytes <= kArtifactLimit;
  asked.found = fmt::format("{} at most (seed {}), {} of them code", with_commas(bytes), largest.seed,
                            with_commas(code));
  if (code > 0 || !*asked.met) return asked;
  asked.met.reset();
  asked.found += "; say in budget.code_bytes what the code takes";
  return asked;
}

Requirement time_requirement(const SubmissionFacts& facts, const char* what, const Metric& metric) {
  Requirement asked{fmt::format("at most {:g} s of {}", kMostSeconds, what), {}, ""};
  std::vector<double> seconds = facts.numbers(metric);
  if (seconds.size() < facts.runs.size()) {
    asked.found = "the runs do not tell their time";
    return asked;
  }
  double most = *std::max_element(seconds.begin(), seconds.end());
  asked.met = most <= kMostSeconds;
  asked.found = fmt::format("{:.1f} s at most, on {}", most,
                            facts.hardware().empty() ? "hardware that is not known" : "the hardware above");
  return asked;
}

Requirement seeds_requirement(const SubmissionFacts& facts) {
  return {fmt::format("{} seeds or more", kFewestSeeds), facts.runs.size() >= kFewestSeeds,
          fmt::format("{} seeds", facts.runs.size())};
}

}  // namespace

std::string Requirement::verdict() const {
  if (!met) return "not shown";
  return *met ? "met" : "not met";
}

std::vector<Requirement> contest_requirements(const SubmissionFacts& facts) {
  return {hardware_requirement(facts),
          bytes_requirement(facts),
          time_requirement(facts, "training", kTrainSeconds),
          time_requirement(facts, "evaluation", kEvaluationSeconds),
          seeds_requirement(facts),
          {"0.005 nats per token better than the record before, at p < 0.01", std::nullopt,
           "the record's runs are not among these; import its logs and compare with caddie test"}};
}

std::string track_of(const std::vector<Requirement>& requirements) {
  bool of_record = true;
  for (size_t place : {kHardware, kTraining, kEvaluation}) {
    if (!requirements[place].met) return "";
    of_record = of_record && *requirements[place].met;
  }
  if (requirements[kBytes].met != true) return "";
  return of_record ? "10min_16mb" : "non_record_16mb";
}

}  // namespace caddie
