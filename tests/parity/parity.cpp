// SPDX-License-Identifier: Apache-2.0
#include "parity/parity.h"

#include <algorithm>
#include <map>

#include "parity/kinds.h"

namespace caddie::parity {
namespace {

using Check = void (*)(const Case&, Bench&, Verdict&);

const std::map<std::string, Check> kChecks = {{"averagers", check_averagers},
                                              {"bpb_lut", check_byte_tables},
                                              {"compress_layout", check_layout},
                                              {"evaluators", check_evaluators},
                                              {"forward_backward", check_forward_backward},
                                              {"hash_ids", check_hash_ids},
                                              {"initializers", check_initializers},
                                              {"loader", check_loader},
                                              {"optimizer_steps", check_optimizer_steps},
                                              {"quantizers", check_quantizers},
                                              {"schedules", check_schedules},
                                              {"text_transform", check_text_transform},
                                              {"train_steps", check_train_steps}};

void run(const Case& c, Registry& registry, const UpstreamTable& table, Result& result) {
  auto check = kChecks.find(c.kind);
  if (check == kChecks.end()) skip("there is no check for cases of kind '{}'", c.kind);
  Bench bench(registry, table);
  Verdict verdict;
  check->second(c, bench, verdict);
  result.status = verdict.passed() ? Status::kPass : Status::kFail;
  result.error = verdict.error();
  result.tolerance = verdict.tolerance();
  result.reason = verdict.passed() ? verdict.notes() : verdict.reason();
}

}  // namespace

std::string_view name_of(Status status) {
  switch (status) {
    case Status::kPass:
      return "PASS";
    case Status::kFail:
      return "FAIL";
    case Status::kSkip:
      return "SKIP";
  }
  return "?";
}

std::vector<std::filesystem::path> find_cases(const std::filesystem::path& folder) {
  check(std::filesystem::is_directory(folder), "{}: there is no such folder", folder.string());
  std::vector<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    if (entry.path().filename() == "case.json") cases.push_back(entry.path().parent_path());
  check(!cases.empty(), "{}: no case.json lies in it or below it", folder.string());
  std::sort(cases.begin(), cases.end());
  return cases;
}

Result run_case(const std::filesystem::path& folder, Registry& registry, const UpstreamTable& table) {
  Result result{.name = folder.filename().string()};
  try {
    Case c(folder);
    result.name = c.name;
    run(c, registry, table, result);
  } catch (const Skip& lacking) {
    result.status = Status::kSkip;
    result.reason = lacking.what();
  } catch (const std::exception& error) {
    result.status = Status::kFail;
    result.reason = error.what();
  }
  return result;
}

}  // namespace caddie::parity
