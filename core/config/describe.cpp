// SPDX-License-Identifier: Apache-2.0
// Collects what an object declares by a visitor that reads no value from a file.
#include "config/describe.h"

#include <fmt/format.h>

#include "config/settings.h"

namespace caddie {
namespace {

class Describer final : public Settings {
 public:
  std::vector<SettingInfo> infos;

 private:
  void visit(const Setting& setting) override {
    infos.push_back({setting.name, type_text(setting), toml_text(to_node(setting)), range_text(setting.range),
                     setting.help});
  }
};

}  // namespace

Json json_of(const SettingInfo& s) {
  return {
      {"name", s.name}, {"type", s.type}, {"default", s.default_text}, {"range", s.range}, {"help", s.help}};
}

std::string line_of(const SettingInfo& s) {
  return fmt::format("{:<20} {:<8} {:<12} {:<16} {}", s.name, s.type, s.default_text, s.range, s.help);
}

std::vector<SettingInfo> describe(const std::function<void(Settings&)>& declare) {
  Describer describer;
  declare(describer);
  return describer.infos;
}

}  // namespace caddie
