// SPDX-License-Identifier: Apache-2.0
// Looks at text transforms, on texts that are hard to bring back.
#include <caddie/text_transform.h>

#include <numeric>

#include "base/text.h"
#include "laws/looks.h"

namespace caddie {
namespace {

/// Returns every byte once, in order.
std::string all_bytes() {
  std::string bytes(256, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = char(i);
  return bytes;
}

/// Returns a text in words that can be printed.
std::string shown(const std::string& text) {
  return is_valid_utf8(text) && text.size() < 60 ? "\"" + text + "\""
                                                 : message("a text of {} bytes", {text.size()});
}

}  // namespace

void look_at_text_transform(const Subject& subject) {
  auto transform = subject.make<TextTransform>();
  std::vector<std::string> texts = {"",
                                    "a",
                                    "A",
                                    "McDonald's NASA 42nd.",
                                    "\u00c9cole STRASSE \u0130stanbul",
                                    all_bytes(),
                                    all_bytes() + all_bytes(),
                                    "A\xee\x80",
                                    std::string("\xee\x80") + "A"};
  for (const std::string& symbol : transform->symbols()) {
    hold(symbol >= "\uE000" && symbol <= "\uF8FF" && symbol.size() == 3,
         "its symbol of {} bytes is no character of the private use area", symbol.size());
    for (const char* around : {"", "a", "A", " "}) texts.push_back(around + symbol + around);
  }
  bool acts = false;
  for (size_t i = 0; i < texts.size() && texts.size() < 80; ++i) {
    const std::string text = texts[i];
    TransformedText to = transform->apply(text);
    hold(transform->invert(to.text) == text, "{} does not come back", shown(text));
    hold(to.bytes.size() == to.text.size(), "{} becomes {} bytes with {} counts", shown(text), to.text.size(),
         to.bytes.size());
    size_t counted = std::accumulate(to.bytes.begin(), to.bytes.end(), size_t(0));
    hold(counted == text.size(), "the bytes of {} are counted as {}; they are {}", shown(text), counted,
         text.size());
    hold(!is_valid_utf8(text) || is_valid_utf8(to.text), "{} becomes what is not UTF-8", shown(text));
    acts = acts || to.text != text;
    texts.push_back(to.text);  // what it writes is a text like any other
  }
  hold(acts, "it leaves every text as it is");
}

std::string output_of_text_transform(const Subject& subject) {
  std::string output;
  for (const char* text : {"McDonald's NASA 42nd.", "a b c", "UPPER and lower Case"})
    output += subject.make<TextTransform>()->apply(text).text;
  return output;
}

}  // namespace caddie
