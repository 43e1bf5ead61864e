// SPDX-License-Identifier: Apache-2.0
// caddie ls lists the runs below results/, found through their index.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "cli/verbs.h"
#include "report/find_runs.h"
#include "report/table.h"
#include "results/metrics.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

struct LsArguments {
  RunQuery query;
  bool json = false;
};

std::string cell(const RunValues& values, const std::string& name, const char* format) {
  auto found = values.find(name);
  if (found == values.end()) return "";
  if (const auto* number = std::get_if<double>(&found->second))
    return fmt::format(fmt::runtime(format), *number);
  if (const auto* text = std::get_if<std::string>(&found->second)) return *text;
  return std::get<bool>(found->second) ? "true" : "false";
}

void print_json(const std::vector<RunValues>& runs) {
  Json json = Json::array();
  for (const RunValues& values : runs) {
    Json object = Json::object();
    for (const auto& entry : values)
      std::visit([&](const auto& value) { object[entry.first] = value; }, entry.second);
    json.push_back(std::move(object));
  }
  tell("{}\n", text_of(json, 2));
}

void print_table(const std::vector<RunValues>& runs) {
  TextTable table{{"folder", "status", "seed", kBpb.name, "bytes", "started"}, {}, "llrrrl"};
  for (const RunValues& values : runs)
    table.rows.push_back({cell(values, "folder", "{}"), cell(values, "status", "{}"),
                          cell(values, "seed", "{:.0f}"), cell(values, kBpb.name, "{:.5f}"),
                          cell(values, kArtifactBytes.name, "{:.0f}"), cell(values, "started_at", "{}")});
  tell("{}", table.terminal());
  for (const RunValues& values : runs)
    if (std::string status = cell(values, "status", "{}"); status == "lost" && values.count("fail_reason"))
      tell("{}: {}: {}\n", status, cell(values, "folder", "{}"), cell(values, "fail_reason", "{}"));
}

void ls_verb(const LsArguments& arguments) {
  std::vector<RunValues> runs = find_runs(arguments.query);
  if (arguments.json)
    print_json(runs);
  else
    print_table(runs);
}

}  // namespace

void add_ls_command(CLI::App& app) {
  auto arguments = std::make_shared<LsArguments>();
  CLI::App* verb = app.add_subcommand("ls", "the runs below results/");
  verb->add_option("folder", arguments->query.folder, "folder to search for runs")->capture_default_str();
  verb->add_option("--where", arguments->query.where,
                   "only where this holds, e.g. 'val_bpb < 1.2 and model.dim == 384 and status == \"done\"'");
  verb->add_option("--sort", arguments->query.sort, "value to sort by, smallest first");
  verb->add_flag("--json", arguments->json, "everything known of each run, as JSON");
  verb->callback([arguments] { ls_verb(*arguments); });
}

}  // namespace caddie
