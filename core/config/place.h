// SPDX-License-Identifier: Apache-2.0
// Places are stretches of the sources that a tree is read from: errors show them with a caret.
#pragma once

#include <memory>
#include <string>
#include <string_view>

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

/// Begins the name of a source that is an assignment of the command line.
inline constexpr std::string_view kAssigned = "-S ";

/// Names a stretch of a source, of which `width` counts the characters.
struct SourcePlace {
  std::shared_ptr<const Source> source;
  int line = 0, column = 0, width = 1;
  Origin origin() const;
  /// Tells whether this place comes first: in an earlier source, or earlier in the same one.
  bool before(const SourcePlace& other) const;
};

/// Throws Error (kUsage) with the headline, the place, the source line and a caret under it.
[[noreturn]] void fail_at(const SourcePlace& place, const std::string& headline);

}  // namespace caddie
