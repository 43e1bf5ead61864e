// SPDX-License-Identifier: Apache-2.0
// JSON files are compared member by member, and stages in order up to the first whose outcome differs.
#include "report/compare_runs.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/sealed_json.h"
#include "config/differences.h"
#include "report/curves.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "results/summary.h"

namespace caddie {
namespace {

/// Tells whether this may differ between two runs that are the same otherwise.
bool is_incidental(const std::string& path) {
  return path == "started_at" || path == "command" || path == "key" || path == "group" ||
         path.starts_with("stages.") || path.starts_with("files.");
}

/// Tells whether the clock and the machine's load decide this member of summary.json.
bool is_cost(const std::string& path) {
  const Metric* metric = find_metric(path);
  return (metric && metric->is_cost) || path.ends_with(".seconds");
}

using Values = std::map<std::string, std::string>;

/// Adds all members of a JSON object to `values`, by their dotted paths.
void flatten(const Json& json, const std::string& path, Values& values) {
  if (!json.is_object()) {
    values[path] = json.is_string() ? json.get<std::string>() : text_of(json);
    return;
  }
  for (const auto& [name, child] : json.items())
    flatten(child, path.empty() ? name : path + "." + name, values);
}

struct Difference {
  std::string path, line;
};

std::vector<Difference> differences_of(const Json& a, const Json& b) {
  Values was, is;
  flatten(a, "", was);
  flatten(b, "", is);
  Values all = was;
  all.insert(is.begin(), is.end());
  std::vector<Difference> found;
  for (const auto& [path, unused] : all) {
    std::string before = was.contains(path) ? was[path] : "(none)",
                after = is.contains(path) ? is[path] : "(none)";
    if (before != after && !is_incidental(path))
      found.push_back({path, fmt::format("{}: {} -> {}", path, before, after)});
  }
  return found;
}

/// Returns what a sealed file of a run holds; an empty object when the file is not there.
Json read_json(const std::filesystem::path& folder, const char* name) {
  std::filesystem::path file = folder / name;
  if (!std::filesystem::exists(file)) return Json::object();
  return read_sealed(file);
}

double as_in_csv(double value) { return std::strtod(fmt::format("{:.8f}", value).c_str(), nullptr); }

/// Tells whether two runs may have measured the same. Journals of older versions hold no more than 8
/// decimals.
bool are_equal(double a, double b) {
  return a == b || (as_in_csv(a) == as_in_csv(b) && (a == as_in_csv(a) || b == as_in_csv(b)));
}

/// Says where the results of two runs part: the stage, and the stage in words with the numbers.
struct Parting {
  std::string stage, words;
};

/// Follows the stages of a run in order, each with the number that shows its outcome, to the first that
/// differs.
Parting where_they_part(const std::filesystem::path& a, const std::filesystem::path& b,
                        const std::vector<std::string>& results) {
  std::vector<CurvePoint> first = read_curve(a, kTrainLoss.name), second = read_curve(b, kTrainLoss.name);
  for (size_t i = 0; i < std::min(first.size(), second.size()); ++i)
    if (!are_equal(first[i].value, second[i].value))
      return {"train", fmt::format("training, at step {}: loss {} and {}", first[i].step, first[i].value,
                                   second[i].value)};
  if (first.size() != second.size())
    return {"train",
            fmt::format("training: {} and {} steps, equal up to the shorter", first.size(), second.size())};
  Json ours = read_json(a, kSummaryFile), theirs = read_json(b, kSummaryFile);
  const std::pair<const Metric&, const char*> outcomes[] = {{kTrainLoss, "training, in the last loss"},
                                                            {kBpbRaw, "evaluation of the raw weights"},
                                                            {kBpbAveraged, "averaging"},
                                                            {kBpbQuantized, "quantization"},
                                                            {kArtifactBytes, "compression"},
                                                            {kBpb, "evaluation"}};
  for (const auto& [metric, words] : outcomes) {
    const char* name = metric.name;
    if (ours.contains(name) && theirs.contains(name) && ours[name] != theirs[name])
      return {metric.stage, fmt::format("{}: {} and {}", words, text_of(ours[name]), text_of(theirs[name]))};
  }
  if (!results.empty()) return {"evaluate", results.front()};
  return {"none", ""};
}

/// Throws Error naming the file when one that is compared is not what the finished run left. Weights may be
/// missing, which is then said.
void check_compared(const std::filesystem::path& folder) {
  for (const char* name : {kSettingsFile, kMetricsFile, kWeightsFile})
    if (name != std::string_view(kWeightsFile) || std::filesystem::exists(folder / name))
      check_left_by_run(folder, name);
}

}  // namespace

RunDifferences compare_runs(const std::filesystem::path& a, const std::filesystem::path& b) {
  for (const std::filesystem::path& folder : {a, b})
    if (!std::filesystem::exists(folder / kSettingsFile))
      fail_usage("{}: holds no resolved.toml; name the folder of a run", folder.string());
  for (const std::filesystem::path& folder : {a, b}) check_compared(folder);
  RunDifferences found;
  auto settings = [](const std::filesystem::path& folder) { return Tree::load(folder / kSettingsFile); };
  found.settings = differences(settings(a), settings(b));
  for (Difference& it : differences_of(read_json(a, kRecordFile), read_json(b, kRecordFile)))
    found.provenance.push_back(std::move(it.line));
  for (Difference& it : differences_of(read_json(a, kSummaryFile), read_json(b, kSummaryFile)))
    (is_cost(it.path) ? found.cost : found.results).push_back(std::move(it.line));
  for (const std::filesystem::path& folder : {b, a})
    if (!std::filesystem::exists(folder / kWeightsFile))
      found.weights_missing = (folder / kWeightsFile).string();
  if (found.weights_missing.empty()) found.weights = compare_weights(a / kWeightsFile, b / kWeightsFile);
  Parting parting = where_they_part(a, b, found.results);
  found.stage = parting.stage;
  found.parting = parting.words;
  return found;
}

}  // namespace caddie
