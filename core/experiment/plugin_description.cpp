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
    add("  acts at   {} (phase {})\n", join(names_of_sites(entry.sites), ", "), name_of(entry.card.phase));
  if (entry.card.training_only) add("  acts      in training only\n");
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
