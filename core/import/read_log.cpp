// SPDX-License-Identifier: Apache-2.0
// The entries of a run are gone through once; settings count up to the first step.
#include "import/read_log.h"

#include <algorithm>
#include <type_traits>

#include "base/characters.h"
#include "base/text.h"
#include "import/line_fields.h"
#include "import/log_entries.h"
#include "import/setting_lines.h"
#include "results/metrics.h"

namespace caddie {
namespace {

constexpr size_t kShownUnknown = 5, kShownLength = 160;

/// Collects what the entries of one run tell.
class RunCollector {
 public:
  explicit RunCollector(const ForeignSource& source) { run_.source = source; }

  void add(const LogEntry& entry) {
    count(entry);
    line_ = entry.number;
    if (const auto* step = std::get_if<StepLine>(&entry.value)) add_step(*step);
    if (const auto* score = std::get_if<ForeignScore>(&entry.value)) run_.scores.push_back(*score);
    if (const auto* size = std::get_if<ForeignSize>(&entry.value)) add_size(*size);
    if (const auto* stop = std::get_if<StopLine>(&entry.value)) add_stop(*stop);
    if (const auto* bytes = std::get_if<int64_t>(&entry.value)) run_.peak_memory_bytes = *bytes;
    if (const auto* values = std::get_if<Labelled<std::string>>(&entry.value))
      add_values(entry.kind, *values);
    if (entry.kind == LineKind::device) add_device(entry.text);
    if (std::optional<int64_t> scored = scored_tokens_in(entry.text)) run_.scored_tokens = scored;
  }

  bool is_run() const { return has_steps_ || !run_.scores.empty(); }

  ForeignRun finish() {
    name_stages(run_.scores);
    ForeignTraining& t = run_.training;
    if (!t.step_ms && t.seconds && t.steps > 0) t.step_ms = *t.seconds * 1000 / double(t.steps);
    std::optional<double> batch = run_.number("train_batch_tokens");
    if (!t.tokens_per_second && batch && t.step_ms && *t.step_ms > 0)
      t.tokens_per_second = *batch * 1000 / *t.step_ms;
    if (untimed_ && t.seconds && untimed_->step == t.steps) {
      untimed_->seconds = *t.seconds;
      run_.course.push_back(*untimed_);
    }
    return std::move(run_);
  }

 private:
  void count(const LogEntry& entry) {
    LineCounts& counts = run_.counts;
    if (run_.source.last_line == 0) run_.source.first_line = entry.number;
    run_.source.last_line = entry.number;
    switch (entry.kind) {
      case LineKind::step:
        ++counts.steps;
        break;
      case LineKind::score:
      case LineKind::size:
      case LineKind::stop:
      case LineKind::memory:
      case LineKind::error:
        ++counts.results;
        break;
      case LineKind::block_head:
      case LineKind::setting:
      case LineKind::version:
      case LineKind::device:
        ++counts.settings;
        break;
      case LineKind::remark:
        ++counts.remarks;
        break;
      case LineKind::source:
        ++counts.source;
        break;
      case LineKind::blank:
        ++counts.blank;
        break;
      case LineKind::unknown:
        ++counts.unknown;
        if (run_.unknown.size() < kShownUnknown)
          run_.unknown.push_back(message(
              "{}: {}", {entry.number, std::string(first_characters(printable(entry.text), kShownLength))}));
        break;
    }
  }

  void add_step(const StepLine& line) {
    has_steps_ = true;
    ForeignTraining& t = run_.training;
    t.steps = line.step;
    if (line.of) t.planned_steps = line.of;
    if (line.train_loss) t.train_loss = line.train_loss;
    if (line.step_ms && line.step > 0) t.step_ms = line.step_ms;
    if (line.tokens_per_second) t.tokens_per_second = line.tokens_per_second;
    if (line.seconds) tell(t.seconds, *line.seconds, "train_seconds");
    if (line.train_loss && line.seconds) point(line, kTrainLoss, *line.train_loss);
    if (!line.val_loss && !line.val_bpb) return;
    t.raw_bpb = line.val_bpb;
    t.raw_loss = line.val_loss;
    t.raw_step = line.step;
    if (line.val_bpb) add_validation(line, kBpb, *line.val_bpb);
    if (line.val_loss) add_validation(line, kLossNats, *line.val_loss);
  }

  /// Adds a validation, whose time a format may leave out: at the first step it is 0, at the last one that of
  /// the whole training.
  void add_validation(const StepLine& line, const Metric& metric, double value) {
    if (line.seconds || line.step == 0)
      point(line, metric, value);
    else if (metric == kBpb)
      untimed_ = ForeignPoint{line.step, 0, metric.name, value};
  }

  void point(const StepLine& line, const Metric& metric, double value) {
    run_.course.push_back({line.step, line.seconds.value_or(0), metric.name, value});
  }

  void add_stop(const StopLine& stop) {
    ForeignTraining& t = run_.training;
    t.stopped_by = stop.reason;
    if (stop.seconds) tell(t.seconds, *stop.seconds, "train_seconds");
    if (stop.step) t.steps = *stop.step;
    if (stop.of) t.planned_steps = stop.of;
  }

  /// Keeps a size. What is counted is the model and the total behind whose label the compressor stands, and
  /// the code as it is compressed.
  void add_size(const ForeignSize& size) {
    run_.sizes.push_back(size);
    std::string label = in_lower_case(size.label);
    std::replace(label.begin(), label.end(), '_', ' ');
    auto has_more = [&](std::string_view plain) {
      return label.starts_with(plain) && label.size() > plain.size();
    };
    if (has_more("serialized model ")) tell(run_.model_bytes, size.bytes, "model_bytes");
    if (has_more("total submission size ")) tell(run_.artifact_bytes, size.bytes, "artifact_bytes");
    bool is_raw = label.find("uncompressed") != std::string::npos;
    if (label.starts_with("code size") && (!is_raw || !run_.code_bytes))
      tell(run_.code_bytes, size.bytes, "code_bytes");
  }

  /// Sets a value that the present line tells.
  template <class T>
  void tell(std::optional<T>& value, std::type_identity_t<std::optional<T>> told, const char* name) {
    value = told;
    caddie::set(run_.lines, name, line_);
  }

  void add_values(LineKind kind, const Labelled<std::string>& values) {
    if (kind == LineKind::error) run_.error = values.front().second;
    if (kind == LineKind::version || kind == LineKind::device)
      for (const auto& [name, text] : values) add_environment(name, text);
    if (kind != LineKind::setting || has_steps_) return;
    bool of_validation = std::any_of(values.begin(), values.end(),
                                     [](const auto& value) { return value.first == "val_loader"; });
    for (const auto& [name, text] : values) add_setting(name, text, of_validation);
  }

  void add_environment(const std::string& name, const std::string& text) {
    if (name == "gpu") caddie::set(run_.lines, name, line_);
    caddie::set(run_.environment, name, text);
  }

  void add_device(std::string_view row) {
    constexpr int64_t kMost = 1024;
    std::optional<int64_t> number = number_of_device(row);
    if (number && *number >= 0 && *number < kMost)
      tell(run_.devices, std::max(run_.devices.value_or(0), *number + 1), "devices");
  }

  void add_setting(const std::string& name, const std::string& text, bool of_validation) {
    if (name == "world_size") caddie::set(run_.lines, name, line_);
    if (name == "val_tokens" || (of_validation && name == "tokens")) {
      tell(run_.validation_tokens, whole_in(text), "validation_tokens");
    } else if (name == "train_shards") {
      tell(run_.train_shards, whole_in(text), "train_shards");
    } else if (name == "model_params") {
      run_.parameters = whole_in(text);
      caddie::set(run_.settings, name, text);
    } else if (name == "seed") {
      if (whole_in(text).value_or(-1) >= 0) tell(run_.seed, whole_in(text), "seed");
      caddie::set(run_.settings, name, text);
    } else if (name != "val_bpb" && name != "val_loader") {
      caddie::set(run_.settings, name, text);
    }
  }

  ForeignRun run_;
  bool has_steps_ = false;
  int64_t line_ = 0;                     // of the present entry
  std::optional<ForeignPoint> untimed_;  // the last validation whose time was not printed
};

}  // namespace

std::vector<ForeignRun> read_log(std::string_view text, const ForeignSource& source) {
  std::vector<LogEntry> entries = log_entries(text);
  std::vector<ForeignRun> runs;
  for (const auto& range : runs_in(entries)) {
    RunCollector collector(source);
    for (size_t at = range.first; at < range.second; ++at) collector.add(entries[at]);
    if (!collector.is_run()) continue;
    runs.push_back(collector.finish());
    ForeignRun& run = runs.back();
    run.source.part = int64_t(runs.size());
    run.name_seed = seed_in_name(std::filesystem::path(source.file).filename().string());
    run.seed_is_of_name = !run.seed && run.name_seed;
    if (run.seed_is_of_name) run.seed = run.name_seed;
  }
  return runs;
}

}  // namespace caddie
