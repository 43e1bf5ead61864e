// SPDX-License-Identifier: Apache-2.0
#include "attack/table.h"

#include <fmt/format.h>

#include <array>

namespace caddie::attack {
namespace {

using Counts = std::array<int, kVerdicts>;

std::string row_of(const std::string& name, const Counts& counts) {
  int all = 0;
  for (int count : counts) all += count;
  std::string row = fmt::format("| {:8} | {:6} |", name, all);
  for (size_t i = 0; i < kVerdicts; ++i)
    row += fmt::format(" {:>{}} |", counts[i], std::string_view(kVerdictNames[i]).size());
  return row + "\n";
}

}  // namespace

std::string table_of(std::span<const Finding> findings, const std::string& how) {
  std::string table = "| kind     | trials |", rule = "|---|---|", bad;
  for (const char* name : kVerdictNames) {
    table += fmt::format(" {} |", name);
    rule += "---|";
  }
  table += "\n" + rule + "\n";
  Counts sum = {};
  for (const Kind& kind : kKinds) {
    Counts counts = {};
    for (const Finding& finding : findings) {
      if (finding.kind != kind.name) continue;
      ++counts[size_t(finding.judgement.verdict)];
      ++sum[size_t(finding.judgement.verdict)];
      if (finding.judgement.why.empty()) continue;
      bad +=
          fmt::format("\n{}: {}\n  {}\n  {} --only {}:{}\n", kVerdictNames[size_t(finding.judgement.verdict)],
                      finding.description, finding.judgement.why, how, finding.kind, finding.number);
    }
    table += row_of(kind.name, counts);
  }
  return table + row_of("all", sum) + bad;
}

}  // namespace caddie::attack
