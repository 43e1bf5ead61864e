// SPDX-License-Identifier: Apache-2.0
// The member with results by seed is found by its form, because records call it by several names.
#include "import/read_submission.h"

#include <caddie/error.h>

#include "base/json.h"
#include "import/line_fields.h"
#include "import/numbers_of_runs.h"

namespace caddie {
namespace {

/// Returns the seed that a member's name tells: "42", "seed42", "seed_42"; nothing for another name.
std::optional<int64_t> seed_of_member(std::string_view name) {
  for (std::string_view before : {"seed_", "seed-", "seed"})
    if (name.starts_with(before)) {
      name.remove_prefix(before.size());
      break;
    }
  std::optional<int64_t> seed = whole_in(name);
  return seed && *seed >= 0 ? seed : std::nullopt;
}

void read_numbers(const ForeignJson& json, ForeignRun& run) {
  for (const auto& [name, value] : json.items())
    if (value.is_number()) set_number(run, name, value.dump());
}

ForeignRun run_of(const ForeignJson& json, const ForeignSource& source, std::optional<int64_t> seed) {
  ForeignRun run;
  run.source = source;
  run.seed = seed;
  if (json.is_number()) set_number(run, "val_bpb", json.dump());
  if (json.is_object()) read_numbers(json, run);
  ++run.counts.results;
  return run;
}

/// Returns the results by seed that a member holds; nothing when it holds none.
std::vector<ForeignRun> runs_by_seed(const ForeignJson& member, const ForeignSource& source) {
  std::vector<ForeignRun> runs;
  if (member.is_object()) {
    for (const auto& [name, value] : member.items())
      if (std::optional<int64_t> seed = seed_of_member(name)) runs.push_back(run_of(value, source, seed));
  } else if (member.is_array()) {
    for (const ForeignJson& value : member) {
      auto seed = value.is_object() ? value.find("seed") : value.end();
      if (!value.is_object() || seed == value.end() || !seed->is_number_integer()) return {};
      runs.push_back(run_of(value, source, seed->get<int64_t>()));
    }
  }
  std::erase_if(runs, [](const ForeignRun& run) { return run.scores.empty() || run.seed.value_or(0) < 0; });
  return runs;
}

}  // namespace

std::vector<ForeignRun> read_submission(std::string_view text, const ForeignSource& source) {
  ForeignJson json = ForeignJson::parse(text, nullptr, false);
  check(json.is_object(), "{}: holds no JSON object; wanted a submission.json", source.file);
  std::vector<ForeignRun> runs;
  for (const auto& [name, member] : json.items())
    if (runs = runs_by_seed(member, source); !runs.empty()) break;
  if (runs.empty()) {
    auto seed = json.find("seed");
    bool is_seed = seed != json.end() && seed->is_number_unsigned();
    runs.push_back(run_of(json, source, is_seed ? std::optional(seed->get<int64_t>()) : std::nullopt));
    check(!runs[0].scores.empty(), "{}: holds no val_bpb, nor results by seed that have one", source.file);
  }
  for (size_t i = 0; i < runs.size(); ++i) runs[i].source.part = int64_t(i) + 1;
  return runs;
}

}  // namespace caddie
