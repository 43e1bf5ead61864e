// SPDX-License-Identifier: Apache-2.0
// Declares what the visitors of settings share: names of types, ranges in words, values as nodes, units, and
// the parsing of layer choices.
#pragma once

#include <caddie/settings.h>

#include <string>
#include <vector>

#include "config/node.h"

namespace caddie {

/// Holds a choice of layers that is not yet checked against a model: the first or last `count`, or those that
/// are listed (ascending).
struct LayerChoice {
  enum class Form { all, none, first, last, listed };
  Form form = Form::all;
  int count = 0;
  std::vector<int> listed = {};
  /// Returns the canonical text, as in "all", "last 4" or "7,8".
  std::string text() const;
};

/// Returns false when `text` is of no known form: "all", "none", "first N", "last N", "7,8,9" without
/// repetition.
bool parse_layers(const std::string& text, LayerChoice& choice);

/// Returns "integer", "number", "array of strings", "layers", ...
std::string type_text(const Setting& setting);

/// Returns "from 1 to 64", "at least 1", "at most 3", "one of a, b"; "" when all is allowed.
std::string range_text(const Range& range);

/// Returns the value that the setting's variable holds now; floats have the shortest decimal text that reads
/// back to them.
TreeNode to_node(const Setting& setting);

/// Tells whether a value lies in a range; NaN lies in none.
bool is_in_range(const Range& range, double value);
bool is_in_range(const Range& range, const std::string& word);

/// Tells whether the value that the setting's variable holds now is one that may be written.
bool is_in_range(const Setting& setting);

/// Names the unit in which a setting counts.
enum class Unit { none, bytes, seconds };
/// Returns the unit that the name of the setting ends in: bytes, or seconds for both "seconds" and "timeout".
/// Only a setting that is a single number has one.
Unit unit_of(const Setting& setting);

}  // namespace caddie
