// SPDX-License-Identifier: Apache-2.0
// Lines of a log that tell nothing that is kept: the script's own source, remarks, banners, warnings.
#pragma once

#include <string>
#include <string_view>

namespace caddie {

/// Tells whether the line can only begin Python source: an import, a definition, a decorator, the opening of
/// a docstring or an interpreter's name.
bool begins_source(std::string_view line);

/// Tells whether the line is indented and reads as Python code: a statement, a call or an assignment.
bool is_indented_source(std::string_view line);

/// Tells whether the line is a row of "=" that parts sections of a log.
bool is_separator(std::string_view line);

/// Tells whether the line is a remark: "tag: text" or "tag:text" that prints neither a score nor a loss, a
/// line that tells how far something has come, a warning of a library, a banner, a bar of progress, or a row
/// of nvidia-smi. `whole` is the line with its prefixes, `line` the one without.
bool is_remark(std::string_view whole, std::string_view line);

/// Returns the message of a Python exception, "RuntimeError: out of memory"; "" for any other line.
std::string exception_in(std::string_view line);

/// Tells whether the line opens the stack of a Python exception.
bool is_traceback_head(std::string_view line);

}  // namespace caddie
