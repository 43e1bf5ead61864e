// SPDX-License-Identifier: Apache-2.0
// What most runs of an arm have in common is the rule that one of them is held against.
#include "import/provenance_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/characters.h"
#include "import/line_fields.h"

namespace caddie {
namespace {

/// One thing that tells where a run comes from, in words.
struct Trait {
  std::string name;
  std::vector<std::string> values;  // of each run; "" where it is not known
  bool is_proof = false;            // whether it is enough by itself
};

/// Returns the folder that the training data lie in.
std::string data_folder(const ForeignRun& run) {
  if (std::string folder = run.setting("datasets_dir"); !folder.empty()) return folder;
  std::string files = run.setting("train_files");
  size_t slash = files.find_last_of('/');
  return slash == std::string::npos ? run.setting("data_path") : files.substr(0, slash);
}

template <class Get>
Trait trait(std::string name, const std::vector<const ForeignRun*>& runs, Get get, bool is_proof = false) {
  Trait made{std::move(name), {}, is_proof};
  for (const ForeignRun* run : runs) made.values.push_back(get(*run));
  return made;
}

std::string text_of_count(std::optional<int64_t> count) { return count ? std::to_string(*count) : ""; }

std::vector<Trait> traits_of(const std::vector<const ForeignRun*>& runs) {
  return {
      trait(
          "pull request in its name", runs,
          [](const ForeignRun& run) {
            std::optional<int64_t> number = pull_request_in(run.file_name());
            return number ? fmt::format("#{}", *number) : std::string("none");
          },
          true),
      trait("folder of data", runs, data_folder),
      trait("training shards", runs, [](const ForeignRun& run) { return text_of_count(run.train_shards); }),
      trait("Python", runs, [](const ForeignRun& run) { return value_of(run.environment, "python"); }),
      trait("PyTorch", runs, [](const ForeignRun& run) { return value_of(run.environment, "pytorch"); }),
      trait("device", runs, [](const ForeignRun& run) { return value_of(run.environment, "gpu"); }),
      trait("bytes of code", runs, [](const ForeignRun& run) { return text_of_count(run.code_bytes); })};
}

/// Returns the value that most runs have, the first of equally many; values that are not known count not.
std::string usual(const std::vector<std::string>& values) {
  std::map<std::string, size_t> count;
  for (const std::string& value : values)
    if (!value.empty()) ++count[value];
  std::string best;
  for (const std::string& value : values)
    if (!value.empty() && (best.empty() || count[value] > count[best])) best = value;
  return best;
}

}  // namespace

std::optional<int64_t> pull_request_in(std::string_view name) {
  std::string lower = in_lower_case(name);
  for (size_t at = lower.find("pr"); at != std::string::npos; at = lower.find("pr", at + 1)) {
    if (at > 0 && is_ascii_alphanumeric(lower[at - 1])) continue;
    size_t from = at + 2;
    while (from < lower.size() && std::string_view("-_#").find(lower[from]) != std::string_view::npos) ++from;
    size_t to = from;
    while (to < lower.size() && is_ascii_digit(lower[to])) ++to;
    if (to - from >= 2 && (to == lower.size() || !is_ascii_alphanumeric(lower[to])))
      return whole_in(std::string_view(lower).substr(from, to - from));
  }
  return std::nullopt;
}

bool says_rerun(std::string_view name) {
  std::string lower = in_lower_case(name);
  return lower.find("rerun") != std::string::npos || lower.find("re-run") != std::string::npos ||
         lower.find("re_run") != std::string::npos;
}

std::vector<Stranger> strangers_among(const std::vector<const ForeignRun*>& runs) {
  constexpr size_t kEnough = 2;
  std::vector<Trait> traits = traits_of(runs);
  std::vector<Stranger> strangers;
  for (size_t i = 0; i < runs.size(); ++i) {
    Stranger stranger{runs[i], {}};
    bool proved = false;
    for (const Trait& one : traits) {
      std::string most = usual(one.values), own = one.values[i];
      if (own.empty() || own == most) continue;
      stranger.evidence.push_back(fmt::format("{}: {}, others' {}", one.name, own, most));
      proved |= one.is_proof;
    }
    if (proved || stranger.evidence.size() >= kEnough) strangers.push_back(std::move(stranger));
  }
  return strangers;
}

}  // namespace caddie
