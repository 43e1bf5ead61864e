// SPDX-License-Identifier: Apache-2.0
// Defines the nodes of a TOML document: values, tables and arrays that know where they were written. They are
// pure data; Tree gives them meaning.
#pragma once

#include <caddie/settings.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/place.h"

namespace caddie {

/// Holds one value with its children: entries of a table, sorted by name, or elements of an array, named "0",
/// "1", ...
struct TreeNode {
  enum class Kind { table, array, boolean, integer, real, string, date };
  std::string name;
  Kind kind = Kind::table;
  std::variant<std::monostate, bool, int64_t, double, std::string> value = {};  // Dates are kept as text.
  std::vector<TreeNode> children = {};
  SourcePlace key = {}, place = {};  // The name stands at `key`, the value at `place`.
  // The value was written for a plugin that the neighbouring key `use` no longer names. It holds if the new
  // plugin has a setting of that name, and is ignored otherwise.
  bool for_other_plugin = false;
  // The value can change no stage before this one, as far as the declaration of its setting says.
  Stage stage = Stage::kTrain;

  bool is_container() const { return kind == Kind::table || kind == Kind::array; }
  /// Tells whether this is a non-empty array that holds nothing but tables.
  bool is_array_of_tables() const;
  /// These return the entry or element of that name, or null.
  const TreeNode* find(std::string_view child) const;
  TreeNode* find(std::string_view child);
  /// Returns the entry of that name, which is created as an empty table when absent. Tables stay sorted, and
  /// elements of arrays are added in their order.
  TreeNode& at(std::string_view child);
  /// Returns "a table", "an integer", ...
  const char* kind_text() const;
};

/// Returns the entry of a table that a message names as a word, null when it names none. Of several, the last
/// one that the command line assigns is taken, or else the one that is named first.
const TreeNode* entry_named_in(std::string_view message, const TreeNode& table);

/// Parses TOML text. Throws Error (kUsage) that shows the place of a syntax error.
TreeNode parse_toml(const std::shared_ptr<const Source>& source);

/// Marks the entries of a table as written for another plugin, when `use` names another one than the table
/// does.
void note_other_plugin(TreeNode& table, const TreeNode& use);

/// Lays `over` on `base`: tables merge, everything else is replaced. Where `over` names another plugin,
/// note_other_plugin() is called for what was there.
void merge(TreeNode& base, const TreeNode& over);

/// Returns a value as it may follow "=" in TOML; tables and arrays are written inline.
std::string toml_text(const TreeNode& node);

/// Returns a table as a TOML document with names sorted; with `origins` a comment behind each value says
/// where it was written.
std::string toml_document(const TreeNode& table, bool origins);

}  // namespace caddie
