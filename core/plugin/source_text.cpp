// SPDX-License-Identifier: Apache-2.0
// Looks at braces, names and a few keywords: enough to tell what a struct declares, and far from a compiler.
#include "plugin/source_text.h"

#include <algorithm>
#include <regex>

#include "base/files.h"
#include "base/text.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

void append_with_headers(const fs::path& source, int depth, std::string& all) {
  constexpr std::string_view kInclude = "#include \"";
  constexpr int kMostDepth = 16;  // Headers may include each other.
  std::string text = read_file(source);
  all += text + "\n";
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with(kInclude) || depth == kMostDepth) continue;
    std::string name = line.substr(kInclude.size());
    fs::path header = source.parent_path() / name.substr(0, name.find('"'));
    if (fs::is_regular_file(header)) append_with_headers(header, depth + 1, all);
  }
}

/// Returns where what begins at `at` ends, if that is no code: a comment, a text in quotes, a line for the
/// preprocessor. Returns `at` where there is code.
size_t end_of_no_code(std::string_view text, size_t at) {
  auto behind = [&](std::string_view end, size_t from) {
    size_t found = text.find(end, from);
    return found == std::string_view::npos ? text.size() : found + end.size();
  };
  std::string_view rest = text.substr(at);
  bool begins_line = at == 0 || text[at - 1] == '\n';
  if (rest.starts_with("//") || (begins_line && rest.starts_with("#"))) return behind("\n", at) - 1;
  if (rest.starts_with("/*")) return behind("*/", at + 2);
  if (rest.starts_with("R\"")) {
    size_t open = text.find('(', at);
    if (open == std::string_view::npos) return text.size();
    return behind(")" + std::string(text.substr(at + 2, open - at - 2)) + "\"", open);
  }
  char quote = rest[0];
  // Between digits, a quote separates thousands.
  if (quote == '\'' && at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1]))) return at;
  if (quote != '"' && quote != '\'') return at;
  size_t end = at + 1;
  for (; end < text.size() && text[end] != quote; ++end)
    if (text[end] == '\\') ++end;
  return std::min(end + 1, text.size());
}

/// Returns the text on one line, with single blanks.
std::string on_one_line(std::string_view text) {
  return std::string(trimmed(std::regex_replace(std::string(text), std::regex("\\s+"), " ")));
}

/// Reads one statement of the body of a struct up to its body or semicolon; adds the function that it
/// declares, if it is one.
void add_function(const std::string& statement, int line, DeclaredStruct& to) {
  static const std::regex kFunction(R"(^((?:[\w:]+(?:<.*?>)?[ &*]+)+)([A-Za-z_]\w*) ?(\(.*\))([^()]*)$)");
  static const std::regex kOther(
      "^(static|friend|using|typedef|template|static_assert|struct|class|enum|union|explicit|return)\\b");
  std::string text = std::regex_replace(
      on_one_line(statement), std::regex("^((public|private|protected) ?: ?)+|\\[\\[\\w+\\]\\] ?"), "");
  std::smatch parts;
  if (std::regex_search(text, kOther) || !std::regex_match(text, parts, kFunction)) return;
  std::string type = parts[1], name = parts[2], behind = parts[4];
  if (name == "operator" || type.find("operator") != std::string::npos || name == to.name) return;
  static const std::regex kChecked("\\b(override|final)\\b"), kVirtual("^virtual ");
  DeclaredFunction function{name, std::regex_replace(text, kVirtual, ""), line};
  function.is_virtual = std::regex_search(text, kVirtual);
  function.overrides = std::regex_search(behind, kChecked);
  static const std::regex kPure(" ?= ?0$");
  function.declaration = std::regex_replace(function.declaration, kPure, "");
  to.functions.push_back(std::move(function));
}

/// Reads the body of a struct, which begins behind its brace at `at`.
void read_body(const std::string& code, size_t at, DeclaredStruct& to) {
  int depth = 1, line = int(std::count(code.begin(), code.begin() + std::ptrdiff_t(at), '\n')) + 1;
  int first_line = line;  // that of the statement
  std::string statement;
  for (; at < code.size() && depth > 0; ++at) {
    char c = code[at];
    if (depth == 1 && (c == '{' || c == ';')) {
      add_function(statement, first_line, to);
      statement.clear();
    } else if (depth == 1 && c != '}') {
      if (trimmed(statement).empty()) first_line = line;
      statement += c;
    }
    depth += c == '{' ? 1 : c == '}' ? -1 : 0;
    line += c == '\n';
  }
}

}  // namespace

std::string text_with_headers(const fs::path& source) {
  std::string all;
  append_with_headers(source, 0, all);
  return all;
}

std::string code_of(std::string_view text) {
  std::string code(text);
  for (size_t at = 0; at < text.size();) {
    size_t end = end_of_no_code(text, at);
    for (size_t i = at; i < end; ++i)
      if (code[i] != '\n') code[i] = ' ';
    at = std::max(end, at + 1);
  }
  return code;
}

std::vector<DeclaredStruct> declared_structs(const std::string& code) {
  static const std::regex kHead(
      R"(\b(?:struct|class)\s+(?:CADDIE_API\s+)?(\w+)\s*(?:final\s*)?:\s*(?:(?:public|virtual)\s+)*(?:\w+::)*(\w+)[^{;]*\{)");
  std::vector<DeclaredStruct> all;
  for (std::sregex_iterator head(code.begin(), code.end(), kHead), end; head != end; ++head) {
    DeclaredStruct found{(*head)[1], (*head)[2], {}};
    read_body(code, size_t(head->position() + head->length()), found);
    all.push_back(std::move(found));
  }
  return all;
}

}  // namespace caddie
