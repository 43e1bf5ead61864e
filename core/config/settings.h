// SPDX-License-Identifier: Apache-2.0
// The visitors of settings share kinds and ranges in words, values as nodes, and the forms of Layers.
#pragma once

#include <caddie/settings.h>

#include <string>
#include <vector>

#include "config/node.h"

namespace caddie {

/// Chooses layers without a model: the first or last `count`, or those listed (ascending).
struct LayerChoice {
  enum class Form { all, none, first, last, listed };
  Form form = Form::all;
  int count = 0;
  std::vector<int> listed = {};
  /// Returns the canonical text: "all", "last 4", "7,8".
  std::string text() const;
};

/// Returns false when `text` is of no known form: "all", "none", "first N", "last N", "7,8,9" without
/// repetition.
bool parse_layers(const std::string& text, LayerChoice& choice);

/// Returns "integer", "number", "array of strings", "layers", ...
std::string type_text(const Setting& setting);

/// Returns "from 1 to 64", "at least 1", "at most 3", "one of a, b"; "" when all is allowed.
std::string range_text(const Range& range);

/// Returns the value that the setting's variable holds now; numbers are as short as they can be.
TreeNode to_node(const Setting& setting);

enum class Unit { none, bytes, seconds };
/// Returns the unit that the name tells: *_bytes, *_seconds, timeout and *_timeout (seconds). Only a variable
/// that is one number has one.
Unit unit_of(const Setting& setting);

}  // namespace caddie
