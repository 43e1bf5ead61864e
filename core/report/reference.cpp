// SPDX-License-Identifier: Apache-2.0
// Settings and columns are listed by the code that declares them, which is given empty objects for that.
#include "report/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "base/text.h"
#include "experiment/experiment.h"
#include "plugin/slot_table.h"
#include "report/columns.h"
#include "report/decisions.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "sweep/sweep_file.h"

namespace caddie {
namespace {

/// Describes a section of an experiment or a sweep; `declare` declares its settings.
struct Section {
  Topic::Kind kind;
  std::string name, help;
  std::function<void(Settings&)> declare;
};

/// Returns a section whose settings a struct declares.
template <class Declared>
Section section(Topic::Kind kind, const char* name, const char* help) {
  return {kind, name, help, [](Settings& s) { Declared().settings(s); }};
}

/// Declares what the table of an axis may hold; sweep/axes.cpp reads it, and as TOML that is of any type.
void declare_axis(Settings& s) {
  std::string toggle, key, slot;
  std::vector<std::string> values, use, labels;
  s("toggle", toggle, "label of a technique, or with its section as in \"blends.mine\": off and on");
  s("key", key, "path of a setting that varies, as in \"model.dim\"");
  s("values", values, "the values of that key");
  s("slot", slot, "path of a table whose plugin varies, as in \"model.activation\"");
  s("use", use, "the plugins of that slot: names, or tables such as { use = \"my_plugin\", rate = 0.1 }");
  s("labels", labels, "how the levels read in tables");
}

std::vector<Section> sections() {
  constexpr auto kExperiment = Topic::Kind::kExperimentSection, kSweep = Topic::Kind::kSweepSection;
  return {section<Budget>(kExperiment, "budget", "what training may take, and the artifact may weigh"),
          section<DataSettings>(kExperiment, "data", "text to train on and to be scored on"),
          section<ModelSettings>(kExperiment, "model", "size of the transformer"),
          section<TrainSettings>(kExperiment, "train", "how batches become gradients and weights"),
          section<ByteLayout>(kExperiment, "export", "how arrays of the artifact become bytes"),
          section<CalibrationSettings>(kExperiment, "export.calibration",
                                       "text by which quantizers learn what matters to the model"),
          section<DesignSettings>(kSweep, "design", "how arms are formed from the axes"),
          {kSweep, "axis",
           "one thing that varies, in a table [[axis]] of its own: a toggle, a key with values, a slot with "
           "use, or "
           "settings that change together, zip = { \"a.x\" = [1, 2], \"b.y\" = [3, 4] }",
           declare_axis},
          section<SweepClaim>(kSweep, "claim", "what the sweep sets out to show, fixed before the first run"),
          section<RaceSettings>(kSweep, "race", "seeds added look by look, as far as the claim needs them"),
          section<RunSettings>(kSweep, "run", "how the sweep treats its runs")};
}

std::vector<Section> sections_of(Topic::Kind kind) {
  std::vector<Section> all = sections();
  std::erase_if(all, [&](const Section& section) { return section.kind != kind; });
  return all;
}

/// Returns what the table of some slots is, which share it.
std::string help_of(const std::vector<const Slot*>& slots) {
  std::vector<std::string> names;
  for (const Slot* slot : slots) names.emplace_back(slot->name);
  switch (slots[0]->count) {
    case Slot::Count::kOne:
      return fmt::format("the {}: a table that names one plugin with `use`", names[0]);
    case Slot::Count::kOptional:
      return fmt::format("the {}, if any: a table that names one plugin with `use`", names[0]);
    case Slot::Count::kMany:
      return fmt::format("plugins of kind {}, each in a table of its own, called by its label",
                         join(names, ", "));
  }
  return "";
}

/// Returns what the core itself reads in a table of one of these slots.
std::vector<SettingInfo> settings_of(const std::vector<const Slot*>& slots) {
  std::vector<SettingInfo> all;
  for (const Slot* slot : slots)
    for (SettingInfo& info : describe([&](Settings& s) { SlotSettings().settings(s, *slot); }))
      if (std::none_of(all.begin(), all.end(), [&](const SettingInfo& old) { return old.name == info.name; }))
        all.push_back(std::move(info));
  return all;
}

/// Returns the sections where an experiment names plugins, in the order of the table of slots.
std::vector<Topic> slot_topics() {
  std::vector<std::pair<std::string, std::vector<const Slot*>>> sections;
  for (const Slot& slot : slot_table()) {
    auto known = std::find_if(sections.begin(), sections.end(),
                              [&](const auto& section) { return section.first == slot.path; });
    if (known == sections.end()) known = sections.insert(known, {std::string(slot.path), {}});
    known->second.push_back(&slot);
  }
  std::vector<Topic> topics;
  for (const auto& [path, slots] : sections)
    topics.push_back({Topic::Kind::kExperimentSection, path, help_of(slots), settings_of(slots)});
  return topics;
}

std::string places_text(const MetricPlaces& places) {
  std::vector<std::string> files;
  if (places.summary) files.emplace_back(kSummaryFile);
  if (places.runs) files.emplace_back("runs.csv");
  if (places.steps) files.emplace_back(kMetricsFile);
  return join(files, ", ");
}

Topic topic_of(const Metric& metric) {
  Topic topic{Topic::Kind::kMetric, metric.name, metric.help};
  if (*metric.unit) topic.facts.emplace_back("unit", metric.unit);
  topic.facts.emplace_back("better", name_of(metric.better));
  topic.facts.emplace_back("stage", metric.stage);
  topic.facts.emplace_back("in", places_text(metric.places));
  return topic;
}

/// Adds columns as topics, except those that are metrics and are described as such.
template <class Row>
void add_columns(std::vector<Topic>& topics, const std::vector<Column<Row>>& columns, const char* table) {
  for (const Column<Row>& column : columns)
    if (!find_metric(column.name))
      topics.push_back({Topic::Kind::kColumn, column.name, column.help, {}, {{"in", table}}});
}

/// Adds the columns of all tables.
void add_all_columns(std::vector<Topic>& topics) {
  Plan plan;
  Ablation ablation;
  ablation.plan = &plan;
  VaryingNames varying{{"<label>"}, {"<path>"}, {"<label>"}};
  add_columns(topics, run_columns(ablation, varying), "runs.csv");
  add_columns(topics, arm_columns(ablation), "ablation.csv");
  add_columns(topics, readable_columns(ablation), "caddie table");
  add_columns(topics, decision_columns(ablation), "results.tsv");
}

/// Tells whether `pattern` holds a part in <> and stands for `name`.
bool stands_for(std::string_view pattern, std::string_view name) {
  size_t open = pattern.find('<');
  return open != std::string_view::npos && name.size() > open && name.starts_with(pattern.substr(0, open));
}

/// Returns the sections that have the setting of that path, each with this setting alone.
std::vector<Topic> sections_with_setting(std::string_view path) {
  size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return {};
  std::vector<Topic> found;
  for (Topic& topic : reference()) {
    if (topic.name != path.substr(0, dot)) continue;
    std::erase_if(topic.settings,
                  [&](const SettingInfo& setting) { return setting.name != path.substr(dot + 1); });
    if (!topic.settings.empty()) found.push_back(std::move(topic));
  }
  return found;
}

}  // namespace

std::string_view name_of(Topic::Kind kind) {
  switch (kind) {
    case Topic::Kind::kExperimentSection:
      return "section of an experiment";
    case Topic::Kind::kSweepSection:
      return "section of a sweep";
    case Topic::Kind::kDesign:
      return "design of a sweep";
    case Topic::Kind::kMetric:
      return "metric";
    case Topic::Kind::kColumn:
      return "column";
  }
  return "";
}

std::vector<Topic> reference() {
  std::vector<Topic> topics;
  auto add_sections = [&](Topic::Kind kind) {
    for (const Section& section : sections_of(kind))
      topics.push_back({section.kind, section.name, section.help, describe(section.declare)});
  };
  add_sections(Topic::Kind::kExperimentSection);
  for (Topic& topic : slot_topics()) topics.push_back(std::move(topic));
  add_sections(Topic::Kind::kSweepSection);
  for (const DesignKind& kind : design_kinds())
    topics.push_back(
        {Topic::Kind::kDesign, std::string(kind.name), std::string(kind.help), settings_of(kind)});
  for (const Metric* metric : metrics()) topics.push_back(topic_of(*metric));
  add_all_columns(topics);
  return topics;
}

std::vector<Topic> topics_called(std::string_view name) {
  std::vector<Topic> exact, patterns;
  for (const Topic& topic : reference()) {
    if (topic.name == name) exact.push_back(topic);
    if (stands_for(topic.name, name)) patterns.push_back(topic);
  }
  if (exact.empty()) exact = sections_with_setting(name);
  return exact.empty() ? patterns : exact;
}

Json json_of(const Topic& topic) {
  Json json = {{"name", topic.name}, {"kind", name_of(topic.kind)}, {"help", topic.help}};
  for (const auto& [name, text] : topic.facts) json[name] = text;
  for (const SettingInfo& setting : topic.settings) json["settings"].push_back(json_of(setting));
  return json;
}

}  // namespace caddie
