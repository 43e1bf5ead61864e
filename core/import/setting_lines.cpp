// SPDX-License-Identifier: Apache-2.0
// A block ends where a line is not indented; a line of settings has no word beside its fields.
#include "import/setting_lines.h"

#include <algorithm>

#include "base/characters.h"
#include "base/text.h"
#include "import/line_fields.h"

namespace caddie {
namespace {

bool is_identifier(std::string_view text) {
  return !text.empty() && !is_ascii_digit(text[0]) && std::all_of(text.begin(), text.end(), [](char c) {
    return is_ascii_alphanumeric(c) || c == '_' || c == '.';
  });
}

bool is_measured(const LineField& field) {
  return is_progress(field.value) || seconds_in(field.value) ||
         field.name.find("time") != std::string::npos || field.name.find("elapsed") != std::string::npos ||
         field.name.find("loss") != std::string::npos;
}

}  // namespace

bool is_block_head(std::string_view line) {
  std::string_view text = trimmed(line);
  return !line.starts_with(' ') && (text == "Hyperparameters:" || text == "hyperparameters:");
}

std::optional<std::pair<std::string, std::string>> block_item(std::string_view line) {
  if (!line.starts_with(' ') && !line.starts_with('\t')) return std::nullopt;
  std::string_view text = trimmed(line);
  size_t mark = text.find_first_of(":=");
  if (mark == std::string_view::npos) return std::nullopt;
  std::string_view name = text.substr(0, mark), rest = text.substr(mark + 1);
  bool parted = rest.empty() || text[mark] == '=' || rest.starts_with(' ');
  if (!is_identifier(name) || !parted) return std::nullopt;
  return std::pair(std::string(name), std::string(trimmed(rest)));
}

std::optional<Labelled<std::string>> setting_line(std::string_view text) {
  if (text.starts_with(' ')) return std::nullopt;
  LineFields line = line_fields(text);
  if (line.fields.empty() || !line.words.empty() || line.loose > 0) return std::nullopt;
  if (std::any_of(line.fields.begin(), line.fields.end(), is_measured)) return std::nullopt;
  Labelled<std::string> settings;
  for (const LineField& field : line.fields) {
    if (!is_identifier(field.name) || field.name == "step") return std::nullopt;
    settings.emplace_back(field.name, field.value);
  }
  return settings;
}

std::optional<std::pair<std::string, std::string>> version_line(std::string_view line) {
  constexpr std::string_view kBefore = "Running ";
  if (!line.starts_with(kBefore)) return std::nullopt;
  std::vector<std::string> words = split(line.substr(kBefore.size()), ' ');
  if (words.size() < 2 || words[1].empty() || !is_ascii_digit(words[1][0])) return std::nullopt;
  return std::pair(in_lower_case(words[0]), words[1]);
}

std::string device_in_row(std::string_view line) {
  if (!line.starts_with('|')) return "";
  size_t from = line.find("NVIDIA "), to = 0;
  if (from == std::string_view::npos || line.substr(from).starts_with("NVIDIA-SMI")) return "";
  to = line.find("  ", from);
  return std::string(line.substr(from, to == std::string_view::npos ? to : to - from));
}

std::optional<int64_t> number_of_device(std::string_view row) {
  if (!row.starts_with('|')) return std::nullopt;
  std::string_view rest = row.substr(1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return whole_in(rest.substr(0, rest.find(' ')));
}

}  // namespace caddie
