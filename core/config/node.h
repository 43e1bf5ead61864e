// SPDX-License-Identifier: Apache-2.0
// Defines the nodes of a TOML document: values, tables and arrays that know where they were written. They are
// pure data; Tree gives them meaning.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace caddie {

/// Tells where a value comes from. Lines and columns count from 1; line 0 says that the whole of `file` is
/// the place.
struct Origin {
  std::string file = "default";
  int line = 0, column = 0;
  /// Returns "experiments/a.toml:31:24", "-S train.lr=3", or "default".
  std::string text() const;
};

/// Holds the text of a file, or an assignment of the command line, so that errors can show the line.
struct Source {
  std::string name, text;
  int order = 0;  // It counts the sources of a tree from 0, which is the main file.
};

/// Names a stretch of a source, of which `width` counts the characters.
struct SourcePlace {
  std::shared_ptr<const Source> source;
  int line = 0, column = 0, width = 1;
  Origin origin() const;
  /// Tells whether this place comes first: in an earlier source, or earlier in the same one.
  bool before(const SourcePlace& other) const;
};

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

  bool is_container() const { return kind == Kind::table || kind == Kind::array; }
  /// Tells whether this is a non-empty array that holds nothing but tables.
  bool is_array_of_tables() const;
  /// These return the entry or element of that name, or null.
  const TreeNode* find(std::string_view child) const;
  TreeNode* find(std::string_view child);
  /// Returns the entry of that name, which is created as an empty table when absent. Tables stay sorted.
  TreeNode& at(std::string_view child);
  /// Returns "a table", "an integer", ...
  const char* kind_text() const;
};

/// Returns the text as a TOML basic string, in double quotes on one line: what may not stand there is
/// escaped.
std::string in_quotes(std::string_view text);

/// Returns the length in bytes, quotes included, of the quoted string that `text` begins with; npos when it
/// is not closed.
size_t end_of_quoted(std::string_view text);

/// A dotted key has at most this many parts, because functions that walk through nested tables recurse once
/// for each.
inline constexpr int kMostParts = 64;

/// Returns the names along a dotted path; a name that holds a dot is quoted: a."b.c".0. Throws Error (kUsage)
/// on an empty name, and on more than kMostParts.
std::vector<std::string> split_path(std::string_view path);

/// Returns `path`.`name`, with the name quoted where it must be.
std::string join_path(std::string_view path, std::string_view name);

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

/// Throws Error (kUsage) with the headline, the place, the source line and a caret under it.
[[noreturn]] void fail_at(const SourcePlace& place, const std::string& headline);

}  // namespace caddie
