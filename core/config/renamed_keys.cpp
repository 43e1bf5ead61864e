// SPDX-License-Identifier: Apache-2.0
// Lists the renamed keys, and finds their paths in assignments and their lines in records.
#include "config/renamed_keys.h"

#include <caddie/error.h>

#include <cctype>
#include <vector>

#include "base/text.h"

namespace caddie {
namespace {

struct RenamedKey {
  std::string_view table, before, now;
  std::string path(std::string_view name) const { return std::string(table) + "." + std::string(name); }
};

constexpr RenamedKey kRenamed[] = {
    {"train", "lanes", "gradient_accumulators"},
    {"train", "prime_steps", "discarded_warmup_steps"},
    {"train", "prime_keeps", "discarded_warmup_keeps"},
    {"export.calibration", "lanes", "accumulators"},
};

bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.'; }

/// Tells whether `text` holds `path` as a whole, not as a part of a longer one.
bool holds_path(std::string_view text, std::string_view path) {
  for (size_t at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
    size_t end = at + path.size();
    bool begins = at == 0 || !continues_name(text[at - 1]);
    if (begins && (end == text.size() || !continues_name(text[end]))) return true;
  }
  return false;
}

/// Tells whether a line has a comment on its origin, as Tree::resolved() writes it.
bool has_origin(std::string_view line) {
  return line.ends_with("  # default") || line.find("  # from ") != std::string_view::npos;
}

/// Returns the line of a record in `table` under the new name of its key.
std::string renamed_line(const std::string& table, const std::string& line) {
  for (const RenamedKey& key : kRenamed) {
    std::string assignment = std::string(key.before) + " = ";
    if (key.table == table && line.starts_with(assignment) && has_origin(line))
      return std::string(key.now) + " = " + line.substr(assignment.size());
  }
  return line;
}

}  // namespace

std::string renamed_in(std::string_view text) {
  for (const RenamedKey& key : kRenamed)
    if (holds_path(text, key.path(key.before)))
      return message("'{}' is now called '{}'", {key.path(key.before), key.path(key.now)});
  return "";
}

std::string with_new_names(std::string_view document) {
  std::vector<std::string> lines = split(document, '\n');
  std::string table;
  for (std::string& line : lines) {
    if (line.starts_with('[') && line.ends_with(']')) table = line.substr(1, line.size() - 2);
    line = renamed_line(table, line);
  }
  return join(lines, "\n");
}

}  // namespace caddie
