// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"

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

std::vector<SettingInfo> describe(const std::function<void(Settings&)>& declare) {
  Describer describer;
  declare(describer);
  return describer.infos;
}

}  // namespace caddie
