// SPDX-License-Identifier: Apache-2.0
// Writes capitals as symbols before small letters, so that a tokenizer spells a word alike wherever it
// stands. Words are maximal runs of ASCII letters:
//   all small                        hello    stays as it is
//   two or more letters, all capital NASA     U+E002 nasa
//   all else                         McDonald U+E001 mc U+E003 donald
// U+E001 stands before a first letter that is a capital and U+E003 before a later one. One of the symbols in
// the text itself gets U+E004 before it.
// Source: openai/parameter-golf, pull request 1855 (lossless_caps_caseops_v1).
#include <caddie/plugin.h>

#include <algorithm>
using namespace caddie;

constexpr std::string_view kTitle = "\uE001", kAllCapitals = "\uE002", kCapital = "\uE003",
                           kLiteral = "\uE004";

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_capital(c) || is_small(c); }
char small(char c) { return is_capital(c) ? char(c - 'A' + 'a') : c; }
char capital(char c) { return is_small(c) ? char(c - 'a' + 'A') : c; }

// Returns the symbol that a text begins with; empty when it begins with another character.
std::string_view symbol_of(std::string_view text) {
  for (std::string_view symbol : {kTitle, kAllCapitals, kCapital, kLiteral})
    if (text.substr(0, symbol.size()) == symbol) return symbol;
  return {};
}

// Appends bytes, each of which stands for `each` bytes of the original text.
void append(TransformedText& to, std::string_view bytes, uint8_t each) {
  to.text += bytes;
  to.bytes.insert(to.bytes.end(), bytes.size(), each);
}

void append_word(TransformedText& to, std::string_view word) {
  bool capitals = word.size() > 1 && std::all_of(word.begin(), word.end(), is_capital);
  if (capitals) append(to, kAllCapitals, 0);
  for (size_t i = 0; i < word.size(); ++i) {
    if (is_capital(word[i]) && !capitals) append(to, i == 0 ? kTitle : kCapital, 0);
    char letter = small(word[i]);
    append(to, {&letter, 1}, 1);
  }
}

struct CaseOps final : TextTransform {
  std::vector<std::string> symbols() const override {
    return {std::string(kTitle), std::string(kAllCapitals), std::string(kCapital), std::string(kLiteral)};
  }

  TransformedText apply(std::string_view text) const override {
    TransformedText to;
    while (!text.empty()) {
      std::string_view taken = symbol_of(text);
      if (!taken.empty()) append(to, kLiteral, 0);
      if (taken.empty()) {
        auto end = std::find_if_not(text.begin(), text.end(), is_letter);
        taken = text.substr(0, std::max<size_t>(1, size_t(end - text.begin())));
      }
      if (is_letter(taken[0]))
        append_word(to, taken);
      else
        append(to, taken, 1);
      text.remove_prefix(taken.size());
    }
    return to;
  }

  std::string invert(std::string_view transformed) const override {
    std::string text;
    std::string_view before;                 // the symbol that acts on the next character
    bool in_word = false, capitals = false;  // what the character before was part of
    for (size_t at = 0; at < transformed.size();) {
      std::string_view symbol = symbol_of(transformed.substr(at));
      if (!symbol.empty() && before != kLiteral) {
        check(before.empty(), "case_ops: two symbols stand together at byte {}", at);
        check(!in_word || symbol == kCapital || symbol == kLiteral,
              "case_ops: the symbol of a whole word stands inside a word at byte {}", at);
        before = symbol;
        at += symbol.size();
        continue;
      }
      std::string_view taken = symbol.empty() ? transformed.substr(at, 1) : symbol;
      in_word = is_letter(taken[0]);
      check(in_word || before.empty() || before == kLiteral,
            "case_ops: at byte {} stands no letter, and a symbol before it wants one", at);
      capitals = in_word && (capitals || before == kAllCapitals);
      if (capitals || before == kTitle || before == kCapital)
        text += capital(taken[0]);
      else
        text += taken;
      before = {};
      at += taken.size();
    }
    check(before.empty(), "case_ops: a symbol ends the text, with no character for it to act on");
    return text;
  }
};

CADDIE_PLUGIN(CaseOps, .summary = "Capitals as symbols before small letters.",
              .source = "openai/parameter-golf, pull request 1855 (lossless_caps_caseops_v1)");
