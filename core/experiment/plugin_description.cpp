// SPDX-License-Identifier: Apache-2.0
// Asks a plugin for its settings and weights, and writes them as JSON and as text.
#include "experiment/plugin_description.h"

#include <fmt/format.h>

#include <iterator>

#include "base/text.h"
#include "plugin/slot_table.h"

namespace caddie {
namespace {

/// Records the weights that a technique declares in a model of the default size.
class Recorder final : public Weights {
 public:
  explicit Recorder(const ModelShape& shape) : shape_(shape) {
    for (int i = 0; i < shape.layers; ++i) layers_.push_back(i);
  }
  const ModelShape& model() const override { return shape_; }
  const std::vector<int>& layers() const override { return layers_; }
  std::vector<WeightInfo> infos;

 private:
  Parameter declare(WeightInfo info) override {
    infos.push_back(std::move(info));
    return {int(infos.size()) - 1};
  }
  ModelShape shape_;
  std::vector<int> layers_;
};

/// Says from which thousandth of a training on the plugin acts with its default settings: 0 where it always
/// does, -1 where it never does.
int first_acting_thousandth(const Plugin& plugin) {
  constexpr int kAll = 1000;
  Progress progress;
  progress.steps = kAll;
  for (; progress.step < kAll; ++progress.step)
    if (plugin.acts(progress)) return int(progress.step);
  return -1;
}

/// Says when a plugin acts, in words.
std::string acting_text(const PluginDescription& d) {
  const PluginEntry& entry = *d.loaded->entry;
  std::string text = entry.card.training_only           ? "in training only"
                     : is_in_model(slot_of(entry.kind)) ? "in training and evaluation"
                                                        : "";
  if (entry.kind == Kind::kView) text = "in training only, for evaluations read what was exported";
  if (d.first_acting > 0)
    text += message("{}from {} % of the training on, by default",
                    {text.empty() ? "" : ", ", d.first_acting / 10.0});
  if (d.first_acting < 0) text += std::string(text.empty() ? "" : ", ") + "not by default";
  return text;
}

/// Says which phases come before that of a plugin at one site, and which after.
std::string order_text(Phase own) {
  std::vector<std::string> before, after;
  for (int phase = int(Phase::kNormalize); phase <= int(Phase::kLimit); ++phase)
    if (phase != int(own)) (phase < int(own) ? before : after).emplace_back(name_of(Phase(phase)));
  std::string text = before.empty() ? "" : "after those of phase " + join(before, ", ");
  if (!after.empty()) text += (text.empty() ? "" : "; ") + ("before " + join(after, ", "));
  return text + "; among those of its phase by label";
}

}  // namespace

PluginDescription describe_plugin(Registry& registry, const std::string& name, std::string_view where) {
  PluginDescription d;
  d.loaded = &registry.open(name, where);
  std::unique_ptr<Plugin> plugin = make_object(name, *d.loaded->entry);
  d.settings = describe([&](Settings& s) { plugin->settings(s); });
  Recorder recorder(ModelSettings().shape(1024));
  plugin->weights(recorder);
  d.weights = std::move(recorder.infos);
  for (const WeightInfo& info : d.weights) d.parameters += info.shape.numel();
  d.first_acting = first_acting_thousandth(*plugin);
  return d;
}

Json json_of(const PluginDescription& d) {
  const PluginEntry& entry = *d.loaded->entry;
  Json settings = Json::array(), weights = Json::array();
  for (const SettingInfo& setting : d.settings) settings.push_back(json_of(setting));
  for (const WeightInfo& w : d.weights)
    weights.push_back({{"name", w.name},
                       {"shape", w.shape.text()},
                       {"role", name_of(w.role)},
                       {"training_only", w.training_only}});
  return {{"name", d.loaded->file.name},
          {"kind", name_of(entry.kind)},
          {"summary", entry.card.summary},
          {"source", entry.card.source},
          {"file", d.loaded->file.path.string()},
          {"sha256", d.loaded->sha256},
          {"training_only", entry.card.training_only},
          {"sites", names_of_sites(entry.sites)},
          {"phase", entry.sites ? Json(name_of(entry.card.phase)) : Json()},
          {"provides", entry.card.provides},
          {"needs", entry.card.needs},
          {"conflicts", entry.card.conflicts},
          {"replaces", entry.card.replaces},
          {"first_acting_thousandth", d.first_acting},
          {"settings", settings},
          {"weights", weights},
          {"parameters", d.parameters}};
}

std::string text_of(const PluginDescription& d) {
  const PluginEntry& entry = *d.loaded->entry;
  std::string text = fmt::format(
      "{} ({})\n  {}\n  source    {}\n  file      {}  sha256 {}\n", d.loaded->file.name, name_of(entry.kind),
      entry.card.summary, entry.card.source, d.loaded->file.path.string(), d.loaded->sha256.substr(0, 12));
  auto add = [&]<class... Parts>(fmt::format_string<Parts...> format, Parts&&... parts) {
    fmt::format_to(std::back_inserter(text), format, std::forward<Parts>(parts)...);
  };
  if (entry.sites)
    add("  acts at   {} (phase {})\n  order     {}\n", join(names_of_sites(entry.sites), ", "),
        name_of(entry.card.phase), order_text(entry.card.phase));
  if (std::string acting = acting_text(d); !acting.empty()) add("  acts      {}\n", acting);
  for (const auto& [field, words] :
       {std::pair("provides", entry.card.provides), std::pair("needs", entry.card.needs),
        std::pair("conflicts", entry.card.conflicts), std::pair("replaces", entry.card.replaces)})
    if (*words) add("  {:<9} {}\n", field, join(split(words, ' '), ", "));
  for (const SettingInfo& s : d.settings)
    add("  {}{}\n", &s == d.settings.data() ? "settings  " : "          ", line_of(s));
  if (d.weights.empty()) return text;
  add("  adds      {} parameters to the baseline's {} layers of width {}:\n", with_commas(d.parameters),
      ModelSettings().layers, ModelSettings().dim);
  for (const WeightInfo& w : d.weights)
    if (w.layer <= 0)
      add("            {} {} ({}{}){}\n", w.name, w.shape.text(), name_of(w.role),
          w.training_only ? ", for training only" : "", w.layer == 0 ? ", and so in each layer" : "");
  return text;
}

}  // namespace caddie
