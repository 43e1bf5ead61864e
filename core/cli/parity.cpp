// SPDX-License-Identifier: Apache-2.0
#include "cli/parity.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "parity/parity.h"

namespace caddie {
namespace {

using parity::Result;
using parity::Status;

struct Arguments {
  std::vector<std::string> folders;
  std::string map = CADDIE_SOURCE_DIR "/tests/parity/upstream.toml";
  bool json = false;
};

void print_line(const Result& result) {
  std::string line =
      fmt::format("{} {} {:.3g} {:.3g}", name_of(result.status), result.name, result.error, result.tolerance);
  if (!result.reason.empty()) line += "  " + result.reason.substr(0, result.reason.find('\n'));
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

nlohmann::ordered_json json_of(const Result& result) {
  nlohmann::ordered_json json = {{"status", name_of(result.status)},
                                 {"case", result.name},
                                 {"error", result.error},
                                 {"tolerance", result.tolerance}};
  if (!result.reason.empty()) json["reason"] = result.reason;
  return json;
}

void run(const Arguments& arguments) {
  parity::UpstreamTable table(arguments.map);
  Registry registry;
  int counts[3] = {};
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  for (const std::string& folder : arguments.folders)
    for (const std::filesystem::path& path : parity::find_cases(folder)) {
      Result result = parity::run_case(path, registry, table);
      ++counts[int(result.status)];
      if (arguments.json)
        cases.push_back(json_of(result));
      else
        print_line(result);
    }
  int passed = counts[int(Status::kPass)], failed = counts[int(Status::kFail)],
      skipped = counts[int(Status::kSkip)];
  if (arguments.json)
    fmt::print(
        "{}\n",
        nlohmann::ordered_json{{"cases", cases}, {"passed", passed}, {"failed", failed}, {"skipped", skipped}}
            .dump(2));
  else
    fmt::print("{} passed, {} failed, {} skipped\n", passed, failed, skipped);
  check(failed == 0, "parity: {} of {} cases failed", failed, passed + failed + skipped);
}

}  // namespace

void add_parity_command(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* parity = app.add_subcommand("parity", "compare with the results of upstream's own code");
  parity->add_option("folders", arguments->folders, "folders with cases (case.json) at or below them")
      ->required();
  parity->add_option("--map", arguments->map, "rules that turn upstream's settings into experiments")
      ->capture_default_str();
  parity->add_flag("--json", arguments->json, "print JSON");
  parity->callback([arguments] { run(*arguments); });
}

}  // namespace caddie
