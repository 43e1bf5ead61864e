// SPDX-License-Identifier: Apache-2.0
#include "support/made_up_sweep.h"

#include <cmath>

#include "base/files.h"
#include "base/json.h"

namespace caddie::testing {

MadeUpSweep::MadeUpSweep(const std::vector<std::vector<double>>& bpb) {
  plan.name = "made_up";
  plan.design = "grid";
  for (size_t arm = 0; arm < bpb.size(); ++arm) {
    std::string label = arm == 0 ? "baseline" : arm == 1 ? "+a, \"b\"" : arm == 2 ? "+c" : "+d c";
    plan.arms.push_back({label,
                         arm == 0 ? "baseline" : "grid",
                         {},
                         {},
                         {{"a", arm == 1}},
                         {},
                         "",
                         "g" + std::to_string(arm)});
    plan.arms.back().params["model.dim"] = std::to_string(64 * (arm + 1));
    for (size_t seed = 0; seed < bpb[arm].size(); ++seed) {
      std::string folder = "runs/" + std::to_string(arm) + "-" + std::to_string(seed);
      plan.runs.push_back({arm, int64_t(seed), folder});
      if (std::isfinite(bpb[arm][seed])) finish(folder, arm, seed, bpb[arm][seed]);
    }
  }
}

void MadeUpSweep::finish(const std::string& folder, size_t arm, size_t seed, double bpb) const {
  Json summary = {
      {"status", "done"},        {"val_bpb", bpb}, {"val_loss_nats", 2 * bpb}, {"artifact_bytes", 1000 + arm},
      {"step_avg_ms", 10 + arm}, {"tok_s", 100.0}, {"under_cap", true},        {"steps", 7}};
  Json record = {{"key", "0123456789abcdef"},
                 {"group", plan.arms[arm].group},
                 {"seed", seed},
                 {"git", {{"commit", "c0ffee"}, {"dirty", false}}},
                 {"machine", {{"host", "box"}}}};
  write_file(path / folder / "summary.json", summary.dump());
  write_file(path / folder / "run.json", record.dump());
}

}  // namespace caddie::testing
