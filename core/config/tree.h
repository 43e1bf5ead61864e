// SPDX-License-Identifier: Apache-2.0
// Defines the tree: a merged experiment or sweep file in which every value knows where it was written, and
// which knows what has been read from it.
#pragma once

#include <caddie/settings.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "config/path.h"

namespace caddie {

/// Finds, reads and overrides values. Paths are dotted; elements of arrays are numbers ("axis.0.toggle"),
/// names with dots are quoted. Every Error has the code kUsage and shows the place, the source line and a
/// caret.
class Tree {
 public:
  /// Holds a value that was read, as TOML text.
  struct Value {
    std::string path, text;
    Origin origin;
    Stage stage = Stage::kTrain;  // It is the first stage that the value can change.
  };

  /// Reads `file` and what its `extends` names (a path or a list of paths, relative to the file that names
  /// them; later wins; the file itself wins over all), then applies overrides "a.b.c=value". Tables merge,
  /// scalars and arrays replace. Throws on syntax errors, missing files and circles of `extends`.
  static Tree load(const std::filesystem::path& file, std::span<const std::string> overrides = {});

  /// Returns the tree of a text that is not read from a file; `extends` is an ordinary key in it.
  static Tree parse(std::string_view toml, std::string name);

  /// Applies "a.b.c=value": the value is TOML; a bare word that is no TOML value is a string. Tables merge.
  /// "~a.b.c" removes what is written there, so that the default holds again, and throws when nothing is
  /// there. Forgets what has been read, so call this first.
  void override_with(std::string_view assignment);

  /// These tell whether something, a table, or an array is written at `path`.
  bool has(std::string_view path) const;
  bool is_table(std::string_view path) const;
  bool is_array(std::string_view path) const;

  /// Returns the names in a table (sorted) or the indices of an array; nothing for a value, or where nothing
  /// is.
  std::vector<std::string> children(std::string_view path) const;

  /// Reads the values below `path` into the variables that `declare` visits; absent ones keep their defaults.
  /// Throws on a wrong type, a number out of range, or a word not listed. Remembers all values, defaults too.
  /// Names that end in _bytes or _seconds, and timeout, also take "16MB", "16MiB", "20m", "1h30m". The values
  /// can change no stage before `first`, whatever their declarations say.
  void read(std::string_view path, const std::function<void(Settings&)>& declare, Stage first = Stage::kSeed);

  /// Reads a value of any type as TOML text; such text can follow "=" in an override. Throws when absent.
  std::string read_text(std::string_view path);

  /// Reads each element of an array as TOML text.
  std::vector<std::string> read_texts(std::string_view path);

  /// Declares that `names` are valid below `path`, though nothing reads them: values there count as read, and
  /// tables there as known (what is in them is still checked).
  void know(std::string_view path, std::span<const std::string> names);

  /// Says what explains a name that nothing has read in the table at a path, instead of the nearest one that
  /// is known there; "" when nothing does.
  using Explain = std::function<std::string(const std::string& table, const std::string& name)>;

  /// Throws for the first value or table (by position, the main file first) that nothing has read, with what
  /// explains it or the nearest name that is known at that place.
  void check_all_read(const Explain& explain = {}) const;

  /// Returns where the value at `path` is written, or Origin{} ("default") when it is not written.
  Origin origin(std::string_view path) const;

  /// Throws Error (kUsage) that points at the value of `path`, or at the innermost table around it that is
  /// written.
  [[noreturn]] void fail_at(std::string_view path, const std::string& headline) const;

  /// Throws Error (kUsage) that points at the value in the table `path` which the headline names, as
  /// entry_named_in() finds it; where it names none, as fail_at() does.
  [[noreturn]] void fail_about(std::string_view path, const std::string& headline) const;

  /// Returns all values that were read, defaults included, as TOML with the origin behind each. Parsing it
  /// gives the same values again.
  std::string resolved() const;

  /// Returns what resolved() does without origins, for hashing and comparison: equal for equal values,
  /// however they were written. `prefixes` restricts it to these paths and what lies below them.
  std::string canonical(std::span<const std::string> prefixes = {}) const;

  /// Returns all values read, defaults included, in path order. They are kept until more is read, so that
  /// whoever makes keys of a tree asks for nothing; one thread may ask at a time.
  const std::vector<Value>& values() const;

 private:
  class Reader;
  const TreeNode* find(std::string_view path) const;
  void remove(std::string_view path, const SourcePlace& place);
  TreeNode& remembered(std::string_view path);
  void remember(std::string_view path, TreeNode value);
  std::vector<std::string> known_names(std::string_view path, const TreeNode* remembered) const;

  TreeNode root_;                // It holds the tree as written.
  TreeNode read_;                // It holds the values as read, normalised and with defaults.
  std::set<std::string> known_;  // These paths are valid, though nothing need stand there.
  int sources_ = 0;
  mutable std::optional<std::vector<Value>> values_;  // what values() returns, once it was asked
};

}  // namespace caddie
