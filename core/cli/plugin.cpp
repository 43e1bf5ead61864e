// SPDX-License-Identifier: Apache-2.0
// caddie plugin list, caddie plugin describe NAME: what techniques there are, and what each takes and does.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/text.h"
#include "cli/verbs.h"
#include "config/describe.h"
#include "model/model.h"
#include "plugin/registry.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

std::string state_of(const PluginFile& file) {
  std::string sdk = sdk_of(file);
  if (sdk == sdk_of_this_program()) return "ok";
  return sdk.empty() ? "refused: no entry symbol" : "refused: built for SDK " + sdk;
}

void list_plugins(bool json) {
  Registry registry;
  Json all = Json::array();
  for (const PluginFile& file : registry.files()) {
    std::string kind = file.path.parent_path().filename().string(), state = state_of(file);
    if (json)
      all.push_back({{"name", file.name}, {"kind", kind}, {"path", file.path.string()}, {"state", state}});
    else
      fmt::print("{:<14} {:<22} {}\n", kind, file.name, state);
  }
  if (json) fmt::print("{}\n", all.dump(2));
}

/// Takes down what a technique declares in a model of the baseline's size.
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

struct Description {
  const LoadedPlugin* loaded;
  std::vector<SettingInfo> settings;
  std::vector<WeightInfo> weights;
  int64_t parameters = 0;
};

Description describe_plugin(Registry& registry, const std::string& name) {
  Description d;
  d.loaded = &registry.open(name, "caddie plugin describe");
  std::unique_ptr<Plugin> plugin(d.loaded->entry->make());
  d.settings = describe([&](Settings& s) { plugin->settings(s); });
  Recorder recorder(ModelSettings().shape(1024));
  plugin->weights(recorder);
  d.weights = std::move(recorder.infos);
  for (const WeightInfo& info : d.weights) d.parameters += info.shape.numel();
  return d;
}

Json to_json(const Description& d) {
  const PluginEntry& entry = *d.loaded->entry;
  Json settings = Json::array(), weights = Json::array();
  for (const SettingInfo& s : d.settings)
    settings.push_back({{"name", s.name},
                        {"type", s.type},
                        {"default", s.default_text},
                        {"range", s.range},
                        {"help", s.help}});
  for (const WeightInfo& w : d.weights)
    weights.push_back({{"name", w.name}, {"shape", w.shape.text()}, {"role", name_of(w.role)}});
  return {{"name", d.loaded->file.name},
          {"kind", name_of(entry.kind)},
          {"summary", entry.card.summary},
          {"source", entry.card.source},
          {"file", d.loaded->file.path.string()},
          {"sha256", d.loaded->sha256},
          {"sites", names_of_sites(entry.sites)},
          {"phase", entry.sites ? Json(name_of(entry.card.phase)) : Json()},
          {"settings", settings},
          {"weights", weights},
          {"parameters", d.parameters}};
}

void print(const Description& d) {
  const PluginEntry& entry = *d.loaded->entry;
  fmt::print("{} ({})\n  {}\n  source    {}\n  file      {}  sha256 {}\n", d.loaded->file.name,
             name_of(entry.kind), entry.card.summary, entry.card.source, d.loaded->file.path.string(),
             d.loaded->sha256.substr(0, 12));
  if (entry.sites)
    fmt::print("  acts at   {} (phase {})\n", join(names_of_sites(entry.sites), ", "),
               name_of(entry.card.phase));
  for (const SettingInfo& s : d.settings)
    fmt::print("  {} {:<20} {:<8} {:<12} {:<16} {}\n", &s == d.settings.data() ? "settings " : "         ",
               s.name, s.type, s.default_text, s.range, s.help);
  if (d.weights.empty()) return;
  fmt::print("  adds      {} parameters to the baseline's {} layers of width {}:\n",
             with_commas(d.parameters), ModelSettings().layers, ModelSettings().dim);
  for (const WeightInfo& w : d.weights)
    if (w.layer <= 0)
      fmt::print("            {} {} ({}){}\n", w.name, w.shape.text(), name_of(w.role),
                 w.layer == 0 ? ", and so in each layer" : "");
}

}  // namespace

void add_plugin_command(CLI::App& app) {
  CLI::App* plugin = app.add_subcommand("plugin", "what techniques there are, and what each takes and does");
  plugin->require_subcommand(1);
  auto json = std::make_shared<bool>(false);
  auto name = std::make_shared<std::string>();

  CLI::App* list = plugin->add_subcommand("list", "every plugin: kind, name, whether it fits this program");
  list->add_flag("--json", *json, "print JSON");
  list->callback([json] { list_plugins(*json); });

  CLI::App* one = plugin->add_subcommand("describe", "settings, source, sites and weights of one plugin");
  one->add_option("name", *name, "plugin")->required();
  one->add_flag("--json", *json, "print JSON");
  one->callback([json, name] {
    Registry registry;
    Description d = describe_plugin(registry, *name);
    if (*json)
      fmt::print("{}\n", to_json(d).dump(2));
    else
      print(d);
  });
}

}  // namespace caddie
