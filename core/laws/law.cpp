// SPDX-License-Identifier: Apache-2.0
// Makes plugins and experiments for laws, and turns what a law throws into a finding.
#include "laws/law.h"

#include <algorithm>

#include "base/at_work.h"
#include "config/describe.h"
#include "laws/plain_parts.h"

namespace caddie {

Subject::Subject(Registry& registry, std::string name, std::vector<std::string> settings,
                 std::filesystem::path program)
    : registry_(registry),
      name_(std::move(name)),
      settings_(std::move(settings)),
      program_(std::move(program)),
      library_(registry.open(name_, "laws").file.path),
      entry_(registry.open(name_, "laws").entry) {
  add_plain_parts(registry);
}

std::unique_ptr<Plugin> Subject::made(const std::vector<std::string>& more) const {
  std::unique_ptr<Plugin> plugin = make_object(name_, *entry_);
  Tree tree = Tree::parse("", name_);
  for (const std::string& setting : settings_) tree.override_with(name_ + "." + setting);
  for (const std::string& setting : more) tree.override_with(name_ + "." + setting);
  tree.read(name_, [&](Settings& s) { plugin->settings(s); });
  tree.check_all_read();
  return plugin;
}

bool Subject::has_setting(std::string_view name) const {
  std::unique_ptr<Plugin> plugin = make_object(name_, *entry_);
  std::vector<SettingInfo> all = describe([&](Settings& s) { plugin->settings(s); });
  return std::any_of(all.begin(), all.end(), [&](const SettingInfo& info) { return info.name == name; });
}

Experiment Subject::plain(std::vector<std::string> changes) const {
  return plain_experiment(registry_, changes);
}

Experiment Subject::experiment(std::vector<std::string> changes) const {
  const Slot& slot = this->slot();
  std::string path(slot.path), table = path;
  std::vector<std::string> all;
  if (slot.count == Slot::Count::kMany) {
    table += "." + name_;
    all.push_back(table + ".use = '" + name_ + "'");
    if (slot.claims != Slot::Claims::kNone) all.push_back(table + ".weights = ['role:matrix']");
    if (slot.claims == Slot::Claims::kEach) all.push_back(path + ".others.weights = ['!role:matrix']");
  } else {
    all.push_back(table + ".use = '" + name_ + "'");
  }
  for (const std::string& setting : settings_) all.push_back(table + "." + setting);
  all.insert(all.end(), changes.begin(), changes.end());
  return plain_experiment(registry_, all);
}

std::vector<const Law*> laws_of(Kind kind) {
  std::vector<const Law*> chosen;
  for (const Law& law : all_laws())
    if (law.concerns(kind)) chosen.push_back(&law);
  return chosen;
}

LawFinding hold_to(const Law& law, const Subject& subject) {
  auto broken = [&](const std::string& why) {
    return LawFinding{LawFinding::Outcome::kBroken, subject.name() + ": " + why};
  };
  try {
    AtWork work({subject.name().c_str(), subject.name().c_str()});
    law.look(subject);
    return {};
  } catch (const DoesNotApply& other) {
    return {LawFinding::Outcome::kDoesNotApply, subject.name() + ": " + other.why};
  } catch (const Breach& breach) {
    return broken(breach.why);
  } catch (const Error& error) {
    return broken(std::string("it throws \"") + blamed(error).what() + "\"");
  } catch (...) {
    return broken(text_of(std::current_exception()));
  }
}

}  // namespace caddie
