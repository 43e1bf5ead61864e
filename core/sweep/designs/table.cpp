// SPDX-License-Identifier: Apache-2.0
// The table lists every kind of design, and these functions look kinds up in it.
#include <algorithm>

#include "sweep/designs/design.h"

namespace caddie {
namespace designs {

// Each design is defined in the file of its name.
std::unique_ptr<SweepDesign> grid();
std::unique_ptr<SweepDesign> zip();
std::unique_ptr<SweepDesign> list();
std::unique_ptr<SweepDesign> leave_one_out();
std::unique_ptr<SweepDesign> add_one_in();
std::unique_ptr<SweepDesign> stack();
std::unique_ptr<SweepDesign> random();
std::unique_ptr<SweepDesign> fractional();

}  // namespace designs

void DesignSettings::settings(Settings& s) {
  s("kind", kind, "how arms are formed from the axes; each kind may have settings of its own");
  s("techniques", techniques, "techniques that are switched, besides the axes");
}

std::span<const DesignKind> design_kinds() {
  static constexpr DesignKind kKinds[] = {
      {"grid", "every combination of levels", designs::grid},
      {"zip", "the first levels of all axes, the second ones, and so on", designs::zip},
      {"list", "the points that are written out, and nothing else", designs::list},
      {"leave_one_out", "all toggles on, and each turned off alone", designs::leave_one_out},
      {"add_one_in", "each change of the base alone", designs::add_one_in},
      {"stack", "the first change, the first two, and so on up to all", designs::stack},
      {"random", "some combinations, drawn by chance", designs::random},
      {"fractional", "the part of a grid of two levels that keeps chosen effects apart", designs::fractional},
  };
  return kKinds;
}

const DesignKind* find_design(std::string_view name) {
  std::span<const DesignKind> kinds = design_kinds();
  auto found = std::find_if(kinds.begin(), kinds.end(), [&](const DesignKind& k) { return k.name == name; });
  return found == kinds.end() ? nullptr : &*found;
}

std::vector<std::string> design_names() {
  std::vector<std::string> names;
  for (const DesignKind& kind : design_kinds()) names.emplace_back(kind.name);
  return names;
}

std::vector<SettingInfo> settings_of(const DesignKind& kind) {
  std::unique_ptr<SweepDesign> design = kind.make();
  return describe([&](Settings& s) { design->settings(s); });
}

std::vector<std::string> designs_with(std::string_view setting) {
  std::vector<std::string> names;
  for (const DesignKind& kind : design_kinds())
    for (const SettingInfo& info : settings_of(kind))
      if (info.name == setting) names.emplace_back(kind.name);
  return names;
}

}  // namespace caddie
