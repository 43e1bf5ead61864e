// SPDX-License-Identifier: Apache-2.0
// A test that pools the variance of arms, or takes it from other arms, is told what speaks against that.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/ablation.h"

namespace caddie {

/// Returns "SDs differ: ...", with the arms that have the largest and the smallest SD of a metric; "" unless
/// Ablation::spreads_differ_in() it.
std::string note_on_spreads(const Ablation& ablation, std::string_view metric);

/// Returns "alike: ...", which says of arms with one value of the metric at all seeds whose spread a p rests
/// on; "" when there are none.
std::string note_on_alike(const std::vector<std::string>& labels, std::string_view metric);

/// Tells whether the values of an arm, two or more, are all the same.
bool is_alike(const Sample& sample);

}  // namespace caddie
