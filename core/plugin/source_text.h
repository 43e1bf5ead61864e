// SPDX-License-Identifier: Apache-2.0
// Reads the source of a plugin as text: what it includes of its own folder, and what its structs declare.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the text of a source, with those of the headers beside it that it includes behind it.
std::string text_with_headers(const std::filesystem::path& source);

/// Returns the text with blanks in place of comments, of what stands in quotes, and of lines for the
/// preprocessor. It has as many bytes and lines as before.
std::string code_of(std::string_view text);

/// Describes a function that the body of a struct declares.
struct DeclaredFunction {
  std::string name;
  std::string declaration;  // without "virtual" and the body, on one line
  int line = 0;             // from 1 on
  bool is_virtual = false;  // It says "virtual".
  bool overrides = false;   // It says "override" or "final", so that the compiler checks its name.
};

/// Describes a struct that derives from another one.
struct DeclaredStruct {
  std::string name, base;  // the base that is named first
  std::vector<DeclaredFunction> functions;
};

/// Returns the structs and classes with a base, as they stand in code_of() of a text. Constructors,
/// operators, templates and static functions are left out.
std::vector<DeclaredStruct> declared_structs(const std::string& code);

}  // namespace caddie
