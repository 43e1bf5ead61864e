// SPDX-License-Identifier: Apache-2.0
// Looks at what a plugin says of itself.
#include "config/describe.h"
#include "laws/looks.h"

namespace caddie {
namespace {

/// Reads a fresh plugin's settings from a tree and returns them as text.
std::string settings_text(const Subject& subject, Tree& tree) {
  auto plugin = subject.make<Plugin>();
  tree.read("plugin", [&](Settings& s) { plugin->settings(s); });
  tree.check_all_read();
  return tree.canonical();
}

}  // namespace

void look_at_card(const Subject& subject) {
  const PluginCard& card = subject.entry().card;
  std::string summary = card.summary, source = card.source;
  hold(summary.size() > 1 && summary.ends_with('.'), "its summary \"{}\" is no sentence", summary);
  hold(!source.empty(), "its card names no source, such as a paper or a repository and file");
  hold((subject.kind() == Kind::kModifier) == (subject.entry().sites != 0),
       "it overrides no site, so that it can change nothing");
  auto plugin = subject.make<Plugin>();
  for (const SettingInfo& setting : describe([&](Settings& s) { plugin->settings(s); }))
    hold(!setting.help.empty(), "its setting {} has no help", setting.name);
}

void look_at_settings(const Subject& subject) {
  Tree nothing = Tree::parse("", "defaults");
  std::string defaults = settings_text(subject, nothing);
  Tree written = Tree::parse(nothing.resolved(), "resolved");  // Reading what is written checks its range.
  std::string again = settings_text(subject, written);
  hold(again == defaults, "its defaults are others once they were written and read: {}", again);
}

}  // namespace caddie
