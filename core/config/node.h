// SPDX-License-Identifier: Apache-2.0
// A node is a TOML value, table or array that knows where it was written. It is pure data; Tree gives it
// meaning.
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

/// A source is a file or an assignment of the command line, kept so that errors can show the line.
struct Source {
  std::string name, text;
  int order = 0;  // the position among the sources of a tree, the main file first
};

/// This is a stretch of a source; `width` is in characters.
struct SourcePlace {
  std::shared_ptr<const Source> source;
  int line = 0, column = 0, width = 1;
  Origin origin() const;
  bool before(const SourcePlace& other) const;
};

/// Holds one value with its children: entries of a table, sorted by name, or elements of an array, named "0",
/// "1", ...
struct TreeNode {
  enum class Kind { table, array, boolean, integer, real, string, date };
  std::string name;
  Kind kind = Kind::table;
  std::variant<std::monostate, bool, int64_t, double, std::string> value = {};  // A date is its text.
  std::vector<TreeNode> children = {};
  SourcePlace key = {}, place = {};  // where the name and where the value stands
  // Tells that it was written for a plugin that `use` beside it no longer names: it holds where the new one
  // has a setting of that name, and else means nothing.
  bool for_other_plugin = false;

  bool is_container() const { return kind == Kind::table || kind == Kind::array; }
  /// Tells whether this is a non-empty array that holds nothing but tables.
  bool is_array_of_tables() const;
  const TreeNode* find(std::string_view child) const;
  TreeNode* find(std::string_view child);
  /// Returns the entry of that name, made (an empty table) when absent. Keeps tables sorted.
  TreeNode& at(std::string_view child);
  /// Returns "a table", "an integer", ...
  const char* kind_text() const;
};

/// Returns a string of TOML, which stands in double quotes and holds no line end.
std::string in_quotes(std::string_view text);

/// Returns how many bytes the string of TOML has that `text` begins with, its quotes included; npos when they
/// are not closed.
size_t end_of_quoted(std::string_view text);

/// A key has at most this many parts: whoever walks through the tables makes a call within a call for each.
inline constexpr int kMostParts = 64;

/// Returns the names along a dotted path; a name that holds a dot is quoted: a."b.c".0. Throws Error(2) on an
/// empty name, and on more than kMostParts.
std::vector<std::string> split_path(std::string_view path);

/// Returns `path`.`name`, with the name quoted where it must be.
std::string join_path(std::string_view path, std::string_view name);

/// Parses TOML text. Syntax errors throw Error(2) that shows the place.
TreeNode parse_toml(const std::shared_ptr<const Source>& source);

/// Notes in the entries of a table that they were written for another plugin, when `use` is another name than
/// the table's own.
void note_other_plugin(TreeNode& table, const TreeNode& use);

/// Lays `over` on `base`: tables merge, everything else is replaced. Where `over` names another plugin,
/// note_other_plugin() is called for what was there.
void merge(TreeNode& base, const TreeNode& over);

/// Returns a value as it stands behind "=" in TOML; containers are written inline.
std::string toml_text(const TreeNode& node);

/// Returns a table as a TOML document, names sorted; `origins` adds the place behind each value as a comment.
std::string toml_document(const TreeNode& table, bool origins);

/// Throws Error(2) with the headline, the place, the source line and a caret under it.
[[noreturn]] void fail_at(const SourcePlace& place, const std::string& headline);

}  // namespace caddie
