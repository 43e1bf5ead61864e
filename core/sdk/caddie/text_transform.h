// SPDX-License-Identifier: Apache-2.0
// Declares the interface of text transforms, which rewrite documents before they are tokenized.
#pragma once

#include <caddie/slots.h>

namespace caddie {

/// Holds a text as it is tokenized, and what each of its bytes stands for.
struct TransformedText {
  std::string text;
  std::vector<uint8_t> bytes;  // for each byte of `text`, how many bytes of the original text it stands for
};

/// Rewrites text without loss when data are prepared. Texts are UTF-8 by intent, but any bytes may come.
/// Experiments do not name transforms: the manifest of the data does. It has no settings.
struct CADDIE_API TextTransform : Plugin {
  static constexpr Kind kKind = Kind::kTextTransform;
  /// Returns what is tokenized in place of `text`. The numbers in its `bytes` sum to the size of `text`.
  virtual TransformedText apply(std::string_view text) const = 0;
  /// Returns the text that `transformed` was made from. Throws Error saying what is malformed where it was
  /// made from none.
  virtual std::string invert(std::string_view transformed) const = 0;
  /// Returns the characters of the private use area that it writes into texts; the tokenizer has a piece for
  /// each.
  virtual std::vector<std::string> symbols() const = 0;
};

}  // namespace caddie
