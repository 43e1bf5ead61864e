// SPDX-License-Identifier: Apache-2.0
// Writes the indentation of a line as one symbol: U+E010 stands for four spaces, and U+E011 before one of the
// two in the text itself.
// Source: fill in the paper, or the repository and file, that it follows.
#include <caddie/plugin.h>
using namespace caddie;

constexpr std::string_view kIndent = "\uE010", kLiteral = "\uE011", kSpaces = "    ";

// A text transform has no settings: data name it, and no experiment does.
struct NewPlugin final : TextTransform {
  std::vector<std::string> symbols() const override { return {std::string(kIndent), std::string(kLiteral)}; }

  // `bytes` says of each byte of the new text for how many bytes of the original it stands.
  TransformedText apply(std::string_view text) const override {
    TransformedText to;
    while (!text.empty()) {
      bool indent = text.starts_with(kSpaces);
      bool symbol = text.starts_with(kIndent) || text.starts_with(kLiteral);
      std::string_view taken = text.substr(0, indent ? kSpaces.size() : symbol ? kIndent.size() : 1);
      if (symbol) append(to, kLiteral, 0);
      append(to, indent ? kIndent : taken, 1);
      if (indent) to.bytes.back() = uint8_t(1 + kSpaces.size() - kIndent.size());
      text.remove_prefix(taken.size());
    }
    return to;
  }
  std::string invert(std::string_view transformed) const override {
    std::string text;
    while (!transformed.empty()) {
      bool literal = transformed.starts_with(kLiteral);
      if (literal) transformed.remove_prefix(kLiteral.size());
      bool symbol = transformed.starts_with(kIndent) || transformed.starts_with(kLiteral);
      check(symbol || !literal, "U+E011 stands before no symbol");
      std::string_view taken = transformed.substr(0, symbol ? kIndent.size() : 1);
      text += symbol && !literal ? kSpaces : taken;
      transformed.remove_prefix(taken.size());
    }
    return text;
  }
  static void append(TransformedText& to, std::string_view bytes, uint8_t each) {
    to.text += bytes;
    to.bytes.insert(to.bytes.end(), bytes.size(), each);
  }
};

CADDIE_PLUGIN(NewPlugin, .summary = "One symbol for four spaces.", .source = "fill in");
