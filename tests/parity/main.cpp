// SPDX-License-Identifier: Apache-2.0
// The program caddie-parity: runs the cases below the folders given and prints a verdict a line.
#include <caddie/error.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "base/json.h"
#include "parity/parity.h"

namespace {

using namespace caddie;
using parity::Result;
using parity::Status;

constexpr int kSomeFailed = 1, kUsage = 2;

struct Arguments {
  std::vector<std::string> folders;
  std::string map = CADDIE_SOURCE_DIR "/tests/parity/upstream.toml";
  bool json = false;
};

struct Counts {
  int passed = 0, failed = 0, skipped = 0;
  void add(Status status) {
    ++(status == Status::kPass ? passed : status == Status::kFail ? failed : skipped);
  }
};

void print_line(const Result& result) {
  std::string line =
      fmt::format("{} {} {:.3g} {:.3g}", name_of(result.status), result.name, result.error, result.tolerance);
  if (!result.reason.empty()) line += "  " + result.reason.substr(0, result.reason.find('\n'));
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

Json json_of(const Result& result) {
  Json json = {{"status", name_of(result.status)},
               {"case", result.name},
               {"error", result.error},
               {"tolerance", result.tolerance}};
  if (!result.reason.empty()) json["reason"] = result.reason;
  return json;
}

/// Runs all cases and prints what became of each, then how many there were.
Counts run(const Arguments& arguments) {
  parity::UpstreamTable table(arguments.map);
  Registry registry;
  Counts counts;
  Json cases = Json::array();
  for (const std::string& folder : arguments.folders)
    for (const std::filesystem::path& path : parity::find_cases(folder)) {
      Result result = parity::run_case(path, registry, table);
      counts.add(result.status);
      if (arguments.json)
        cases.push_back(json_of(result));
      else
        print_line(result);
    }
  if (arguments.json)
    fmt::print("{}\n", Json{{"cases", cases},
                            {"passed", counts.passed},
                            {"failed", counts.failed},
                            {"skipped", counts.skipped}}
                           .dump(2));
  else
    fmt::print("{} passed, {} failed, {} skipped\n", counts.passed, counts.failed, counts.skipped);
  return counts;
}

}  // namespace

/// 0 when no case failed, 1 when some did, 2 for arguments or a table of rules that make no sense.
int main(int count, char** values) {
  Arguments arguments;
  CLI::App app("Compares what Caddie computes with the results of upstream's own code.", "caddie-parity");
  app.add_option("folders", arguments.folders, "folders with cases (case.json) at or below them")->required();
  app.add_option("--map", arguments.map, "rules that turn upstream's settings into experiments")
      ->capture_default_str();
  app.add_flag("--json", arguments.json, "print JSON");
  try {
    app.parse(count, values);
    return run(arguments).failed > 0 ? kSomeFailed : 0;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "caddie-parity: {}\n", error.what());
    return kUsage;
  }
}
