// SPDX-License-Identifier: Apache-2.0
#include "support/bits.h"

#include <fmt/format.h>

#include <set>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"

namespace caddie::testing {
namespace fs = std::filesystem;

Bits bits_of(const fs::path& folder) {
  Bits bits{read_file(folder / "weights.safetensors"), read_file(folder / "artifact.bin"), "", ""};
  Json summary = Json::parse(read_file(folder / "summary.json"));
  for (auto& [label, score] : summary.at("scores").items()) score.erase("seconds");
  for (const char* name : {"steps", "tokens", "train_loss", "val_bpb_raw", "val_bpb_avg", "val_bpb_quant",
                           "val_bpb", "val_loss_nats", "artifact_bytes", "effect_check", "effects", "scores"})
    if (summary.contains(name)) bits.scores += fmt::format("{} {}\n", name, summary.at(name).dump());
  std::string journal = read_file(folder / "metrics.csv");
  for (size_t begin = 0; begin < journal.size();) {  // all columns but the time
    size_t end = journal.find('\n', begin);
    std::string line = journal.substr(begin, end - begin);
    size_t second = line.find(',', line.find(',') + 1), third = line.find(',', second + 1);
    bits.losses += line.substr(0, second) + line.substr(third) + "\n";
    begin = end + 1;
  }
  return bits;
}

std::string results_of(const fs::path& folder) {
  // The processor is "unknown" to a run that was not let read /proc/cpuinfo.
  const std::set<std::string> kOfMachine = {"step_avg_ms",    "tok_s",      "tok_s_rel",
                                            "train_time_s",   "cpu",        "eval_time_s",
                                            "peak_mem_bytes", "started_at", "command"};
  std::string kept;
  std::vector<std::string> head;
  for (const std::string& line : split(read_file(folder / "runs.csv"), '\n')) {
    std::vector<std::string> cells = split(line, ',');
    if (head.empty()) head = cells;
    for (size_t i = 0; i < cells.size(); ++i)
      if (!kOfMachine.count(head.at(i))) kept += cells[i] + ",";
    kept += "\n";
  }
  return kept;
}

}  // namespace caddie::testing
