// SPDX-License-Identifier: Apache-2.0
// The label of a score is what stands before its first field.
#include "import/end_lines.h"

#include "base/text.h"
#include "import/line_fields.h"

namespace caddie {
namespace {

/// Returns the words before the fields, or the name of a first field that holds no number: "sliding" of
/// "sliding:done val_bpb=1.2".
std::string label_of(const LineFields& line) {
  std::string label = line.label();
  if (label.empty() && !line.fields.empty() && !number_in(line.fields[0].value)) label = line.fields[0].name;
  while (label.ends_with(':')) label.pop_back();
  constexpr std::string_view kExact = "_exact";
  if (label.ends_with(kExact)) label.resize(label.size() - kExact.size());
  return label;
}

}  // namespace

std::optional<ForeignScore> score_line(std::string_view text) {
  if (text.starts_with(' ')) return std::nullopt;
  LineFields line = line_fields(text);
  if (tells_progress(line)) return std::nullopt;
  ForeignScore score;
  for (const LineField& field : line.fields) {
    bool is_score = field.name == "val_bpb", is_loss = field.name == "val_loss";
    if (field.name == "step") return std::nullopt;
    if (is_score) score.bpb = number_in(field.value);
    if (is_loss) score.loss = number_in(field.value);
    if ((is_score && !score.bpb) || (is_loss && !score.loss)) return std::nullopt;
    if (field.name == "eval_time" || field.name == "elapsed") score.seconds = seconds_in(field.value);
  }
  if (!score.bpb && !score.loss) return std::nullopt;
  score.label = label_of(line);
  return score;
}

std::optional<ForeignSize> size_line(std::string_view line) {
  size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || line.starts_with(' ')) return std::nullopt;
  std::string_view rest = trimmed(line.substr(colon + 1));
  size_t end = rest.find(' ');
  if (end == std::string_view::npos) return std::nullopt;
  std::optional<int64_t> bytes = whole_in(rest.substr(0, end));
  std::string_view unit = rest.substr(end + 1);
  bool fits = unit.starts_with("bytes") &&
              (unit.size() == 5 || std::string_view(" (,;").find(unit[5]) != std::string_view::npos);
  if (!bytes || *bytes < 0 || !fits) return std::nullopt;
  return ForeignSize{std::string(line.substr(0, colon)), *bytes};
}

std::optional<StopLine> stop_line(std::string_view text) {
  LineFields line = line_fields(text);
  if (!line.words.empty() || line.fields.empty() || line.fields[0].name != "stopping_early")
    return std::nullopt;
  StopLine stop;
  stop.reason = line.fields[0].value;
  if (const std::string* time = line.find("train_time")) stop.seconds = seconds_in(*time);
  if (const std::string* step = line.find("step")) {
    size_t slash = step->find('/');
    stop.step = whole_in(step->substr(0, slash));
    if (slash != std::string::npos) stop.of = whole_in(step->substr(slash + 1));
  }
  return stop;
}

std::optional<int64_t> memory_line(std::string_view line) {
  constexpr std::string_view kBefore = "peak memory allocated: ";
  if (!line.starts_with(kBefore)) return std::nullopt;
  std::string_view rest = line.substr(kBefore.size());
  size_t end = rest.find(' ');
  std::optional<int64_t> mebibytes = whole_in(rest.substr(0, end));
  bool fits = mebibytes && *mebibytes >= 0 && *mebibytes < (int64_t(1) << 40) &&
              end != std::string_view::npos && rest.substr(end + 1).starts_with("MiB");
  return fits ? std::optional(*mebibytes << 20) : std::nullopt;
}

std::optional<int64_t> scored_tokens_in(std::string_view text) {
  if (text.find("total_windows") == std::string_view::npos) return std::nullopt;
  LineFields line = line_fields(text);
  const std::string *windows = line.find("total_windows"), *stride = line.find("stride");
  if (!windows || !stride) return std::nullopt;
  std::optional<int64_t> count = whole_in(*windows), step = whole_in(*stride);
  constexpr int64_t kMost = int64_t(1) << 31;
  bool fits = count && step && *count > 0 && *step > 0 && *count < kMost && *step < kMost;
  return fits ? std::optional(*count * *step) : std::nullopt;
}

}  // namespace caddie
