// SPDX-License-Identifier: Apache-2.0
// Writes nodes as TOML text.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "config/node.h"
#include "config/path.h"

namespace caddie {
namespace {

/// Returns the shortest text that reads back to the same number, and reads back as a float.
std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  bool whole = text.find_first_not_of("-0123456789") == std::string::npos;
  return whole ? text + ".0" : text;
}

/// Returns an array or a table on one line.
std::string inline_container(const TreeNode& node) {
  bool table = node.kind == TreeNode::Kind::table;
  std::string out;
  for (const TreeNode& child : node.children) {
    if (!out.empty()) out += ", ";
    if (table) out += join_path("", child.name) + " = ";
    out += toml_text(child);
  }
  if (!table) return "[" + out + "]";
  return out.empty() ? "{}" : "{ " + out + " }";
}

/// Returns a comment that says where a value was written, whatever an assignment or the name of a file holds.
std::string comment(const TreeNode& node) {
  if (!node.place.source) return "  # default";
  Origin origin = node.place.origin();
  std::string text = origin.line > 0 ? fmt::format("{}:{}", origin.file, origin.line) : origin.file;
  return "  # from " + printable(text);
}

/// Tells whether a node is written below a header in brackets, not behind "=".
bool is_section(const TreeNode& node) {
  return node.kind == TreeNode::Kind::table || node.is_array_of_tables();
}

/// Writes a table as a TOML document.
class Writer {
 public:
  explicit Writer(bool origins) : origins_(origins) {}

  /// Writes the values of a table, then its sections: TOML allows no other order.
  void write(const TreeNode& table, const std::string& path) {
    for (const TreeNode& child : table.children) {
      if (is_section(child)) continue;
      out_ += join_path("", child.name) + " = " + toml_text(child);
      out_ += origins_ ? comment(child) + "\n" : "\n";
    }
    for (const TreeNode& child : table.children) {
      if (!is_section(child)) continue;
      std::string name = join_path(path, child.name);
      if (child.kind == TreeNode::Kind::table) {
        if (child.children.empty() || !std::all_of(child.children.begin(), child.children.end(), is_section))
          header("[" + name + "]");
        write(child, name);
      } else {
        for (const TreeNode& element : child.children) {
          header("[[" + name + "]]");
          write(element, name);
        }
      }
    }
  }

  std::string text() && { return std::move(out_); }

 private:
  void header(const std::string& text) {
    if (!out_.empty()) out_ += "\n";
    out_ += text + "\n";
  }

  bool origins_;
  std::string out_;
};

}  // namespace

std::string toml_text(const TreeNode& node) {
  switch (node.kind) {
    case TreeNode::Kind::boolean:
      return std::get<bool>(node.value) ? "true" : "false";
    case TreeNode::Kind::integer:
      return std::to_string(std::get<int64_t>(node.value));
    case TreeNode::Kind::real:
      return real_text(std::get<double>(node.value));
    case TreeNode::Kind::string:
      return in_quotes(std::get<std::string>(node.value));
    case TreeNode::Kind::date:
      return std::get<std::string>(node.value);
    case TreeNode::Kind::table:
    case TreeNode::Kind::array:
      return inline_container(node);
  }
  return "";
}

std::string toml_document(const TreeNode& table, bool origins) {
  Writer writer(origins);
  writer.write(table, "");
  return std::move(writer).text();
}

}  // namespace caddie
