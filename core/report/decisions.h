// SPDX-License-Identifier: Apache-2.0
// A program that drives experiments, such as an agent, wants one word for each arm: keep it, discard it, or
// mend it, as it crashed. The sweep's test decides.
#pragma once

#include <string_view>
#include <vector>

#include "report/columns.h"

namespace caddie {

/// `open` is an arm that is not decided yet, or that the claim is not about.
enum class Decision { open, keep, discard, crash };
/// Returns "keep", "discard", "crash", or "" for one that is open.
std::string_view name_of(Decision decision);

/// Returns what is to be done with an arm. It crashed when one of its runs failed. It is open while runs are
/// missing, or the race goes on. Else it is kept when it is significantly better: by the claim where there is
/// one, and otherwise when its difference in val_bpb is below 0. The baseline is kept once its runs are done.
Decision decision_on(const Ablation& ablation, const ArmRow& arm);

/// Returns the columns of results.tsv: commit, the tested metric by its name, memory_gb, status and
/// description. The ablation must outlive them.
std::vector<Column<ArmRow>> decision_columns(const Ablation& ablation);

/// Returns results.tsv, which has a row for each arm that is decided.
TextTable decisions_table(const Ablation& ablation);

}  // namespace caddie
