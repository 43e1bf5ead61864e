// SPDX-License-Identifier: Apache-2.0
// A text transform that data are prepared with, and the proof that it loses nothing.
#pragma once

#include <caddie/text_transform.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace caddie {

/// Holds a text transform and its plugin's name, or none.
struct NamedTransform {
  std::string name;
  std::shared_ptr<const TextTransform> plugin;

  explicit operator bool() const { return plugin != nullptr; }
  /// Returns what is tokenized in place of a document. Throws Error when the document does not come back from
  /// it, or its bytes are not those of the document.
  TransformedText apply(const std::string& document) const;
  /// Returns the symbols of the transform; none where there is none.
  std::vector<std::string> symbols() const;
  /// Throws Error (kUsage) when the tokenizer of this file lacks a piece for one of the symbols.
  void check_tokenizer(const std::filesystem::path& tokenizer) const;
};

}  // namespace caddie
