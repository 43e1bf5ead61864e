// SPDX-License-Identifier: Apache-2.0
// caddie doctor says what this program finds on this machine, and what would keep it from working well.
#include <caddie/error.h>
#include <CLI/CLI.hpp>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "bench/diagnose.h"
#include "cli/verbs.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

void doctor_verb(bool json) {
  Json all = Json::array();
  bool fine = true;
  for (const Finding& finding : diagnose()) {
    fine = fine && finding.fine;
    all.push_back({{"subject", finding.subject}, {"ok", finding.fine}, {"text", finding.text}});
    if (!json) tell("{:<5} {:<10} {}\n", finding.fine ? "ok" : "WRONG", finding.subject, finding.text);
  }
  if (json) tell("{}\n", text_of(all, 2));
  if (!fine) throw Error("not everything is as it should be; the lines marked WRONG say what");
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  auto json = std::make_shared<bool>();
  CLI::App* verb = app.add_subcommand("doctor", "what Caddie finds on this machine, and what is wrong");
  verb->add_flag("--json", *json, "print as JSON");
  verb->callback([json] { doctor_verb(*json); });
}

}  // namespace caddie
