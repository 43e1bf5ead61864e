// SPDX-License-Identifier: Apache-2.0
// Both formats hold the same fields; the step stands in a field of its own, or before them.
#include "import/step_lines.h"

#include <string>

#include "import/line_fields.h"

namespace caddie {
namespace {

/// Reads "i/n" or "i" into the line. Returns whether it is that.
bool read_step(std::string_view text, StepLine& line) {
  size_t slash = text.find('/');
  std::optional<int64_t> step = whole_in(text.substr(0, slash));
  if (!step || *step < 0) return false;
  line.step = *step;
  if (slash == std::string_view::npos) return true;
  line.of = whole_in(text.substr(slash + 1));
  return line.of && *line.of >= 0;
}

/// Reads the value of a field that steps have; returns false for one that cannot be read.
bool read_field(const LineField& field, StepLine& line) {
  auto read = [&](std::optional<double>& into, std::optional<double> value) {
    into = value;
    return value.has_value();
  };
  if (field.name == "train_loss") return read(line.train_loss, number_in(field.value));
  if (field.name == "val_loss") return read(line.val_loss, number_in(field.value));
  if (field.name == "val_bpb") return read(line.val_bpb, number_in(field.value));
  if (field.name == "tok/s" || field.name == "tok_s")
    return read(line.tokens_per_second, number_in(field.value));
  if (field.name == "train_time") return read(line.seconds, seconds_in(field.value));
  if (field.name == "step_avg") {
    std::optional<double> seconds = seconds_in(field.value);
    if (seconds) line.step_ms = *seconds * 1000;
    return seconds.has_value();
  }
  return true;
}

}  // namespace

std::optional<StepLine> step_line(std::string_view text) {
  if (text.starts_with(' ')) return std::nullopt;
  LineFields fields = line_fields(text);
  StepLine line;
  size_t first = 0;
  if (fields.words.size() == 1 && fields.words[0].find('/') != std::string::npos) {
    if (!read_step(fields.words[0], line)) return std::nullopt;
  } else if (fields.words.empty() && !fields.fields.empty() && fields.fields[0].name == "step") {
    if (!read_step(fields.fields[0].value, line)) return std::nullopt;
    first = 1;
  } else {
    return std::nullopt;
  }
  for (size_t i = first; i < fields.fields.size(); ++i)
    if (!read_field(fields.fields[i], line)) return std::nullopt;
  bool tells = line.train_loss || line.val_loss || line.seconds;
  return tells ? std::optional(line) : std::nullopt;
}

}  // namespace caddie
