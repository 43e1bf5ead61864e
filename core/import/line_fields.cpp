// SPDX-License-Identifier: Apache-2.0
// A line is cut at white space; a word that ends in its mark takes the next word as its value.
#include "import/line_fields.h"

#include <algorithm>
#include <charconv>

#include "base/characters.h"
#include "base/text.h"

namespace caddie {
namespace {

bool is_name(std::string_view text) {
  return !text.empty() && begins_name(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return begins_name(c) || is_ascii_digit(c) || std::string_view("/.%+-").find(c) != std::string_view::npos;
  });
}

std::vector<std::string> words_in(std::string_view line) {
  std::vector<std::string> words;
  size_t from = 0;
  while ((from = line.find_first_not_of(" \t", from)) != std::string_view::npos) {
    size_t to = std::min(line.find_first_of(" \t", from), line.size());
    words.emplace_back(line.substr(from, to - from));
    from = to;
  }
  return words;
}

/// Reads the words of a line from the left.
class FieldReader {
 public:
  explicit FieldReader(std::string_view line) : words_(words_in(line)) {}

  LineFields read() {
    while (at_ < words_.size()) {
      std::string word = bare(words_[at_++]);
      if (word.empty()) continue;
      if (!take_field(word)) take_word(std::move(word));
    }
    return std::move(line_);
  }

 private:
  /// Returns the word without what only parts it from its neighbours.
  static std::string bare(const std::string& word) {
    bool opens_list = word.find('[') != std::string::npos && word.find(']') == std::string::npos;
    size_t from = word.find_first_not_of("(|,;"), to = word.find_last_not_of(opens_list ? "|" : "|,;");
    if (from == std::string::npos || to == std::string::npos || from > to) return "";
    std::string inner = word.substr(from, to - from + 1);
    bool opened = inner.find('(') != std::string::npos;
    while (!opened && inner.ends_with(')')) inner.pop_back();
    return inner;
  }

  static size_t mark_in(const std::string& word) { return word.find_first_of(":="); }

  static bool is_field(const std::string& word) {
    size_t mark = mark_in(word);
    return mark != std::string::npos && mark + 1 < word.size() &&
           is_name(std::string_view(word).substr(0, mark));
  }

  bool take_field(const std::string& word) {
    size_t mark = mark_in(word);
    if (mark == std::string::npos || !is_name(std::string_view(word).substr(0, mark))) return false;
    std::string value = word.substr(mark + 1);
    if (value.empty()) {
      if (at_ == words_.size() || is_field(bare(words_[at_]))) return false;
      value = bare(words_[at_++]);
    }
    while (value.starts_with('[') && value.find(']') == std::string::npos && at_ < words_.size())
      value += " " + words_[at_++];
    line_.fields.push_back({word.substr(0, mark), std::move(value), word[mark]});
    return true;
  }

  void take_word(std::string word) {
    if (line_.fields.empty())
      line_.words.push_back(std::move(word));
    else
      ++line_.loose;
  }

  std::vector<std::string> words_;
  size_t at_ = 0;
  LineFields line_;
};

}  // namespace

const std::string* LineFields::find(std::string_view name) const {
  for (const LineField& field : fields)
    if (field.name == name) return &field.value;
  return nullptr;
}

std::string LineFields::label() const { return join(words, " "); }

LineFields line_fields(std::string_view line) { return FieldReader(line).read(); }

bool is_progress(std::string_view text) {
  while (!text.empty() && std::string_view("[](),").find(text.front()) != std::string_view::npos)
    text.remove_prefix(1);
  while (!text.empty() && std::string_view("[](),:").find(text.back()) != std::string_view::npos)
    text.remove_suffix(1);
  if (text.ends_with('%')) return number_in(text.substr(0, text.size() - 1)).has_value();
  size_t slash = text.find('/');
  return slash != std::string_view::npos && whole_in(text.substr(0, slash)) &&
         whole_in(text.substr(slash + 1));
}

bool tells_progress(const LineFields& line) {
  return std::any_of(line.words.begin(), line.words.end(),
                     [](const std::string& word) { return is_progress(word); }) ||
         std::any_of(line.fields.begin(), line.fields.end(), [](const LineField& field) {
           return is_progress(field.value) || field.name == "chunk" || field.name == "batch" ||
                  field.name == "window";
         });
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> whole_in(std::string_view text) {
  std::string digits;
  for (char c : text)
    if (c != ',') digits += c;
  int64_t value = 0;
  auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || rest != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<double> seconds_in(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds, parts;  // the number is multiplied by the first and divided by the second
  };
  constexpr Unit kUnits[] = {{"ms", 1, 1000}, {"min", 60, 1}, {"s", 1, 1}, {"m", 60, 1}, {"h", 3600, 1}};
  for (const Unit& unit : kUnits) {
    if (!text.ends_with(unit.name)) continue;
    std::optional<double> number = number_in(text.substr(0, text.size() - unit.name.size()));
    if (number) return *number * unit.seconds / unit.parts;
  }
  return std::nullopt;
}

}  // namespace caddie
