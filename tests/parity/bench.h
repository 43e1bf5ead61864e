// SPDX-License-Identifier: Apache-2.0
// Where cases get their experiments and plugins from.
#pragma once

#include <memory>
#include <string>

#include "config/tree.h"
#include "model/technique.h"
#include "parity/case.h"
#include "parity/upstream.h"
#include "plugin/registry.h"

namespace caddie::parity {

class Bench {
 public:
  Bench(Registry& registry, const UpstreamTable& table) : registry_(registry), table_(table) {}
  Registry& registry() { return registry_; }

  /// The experiment that stands for these facts. Rules also see the case's kind and the upstream script that
  /// it came from ("script"). Throws Skip naming a fact that is on and has no rule, or a plugin that is not
  /// there.
  Tree experiment(const Case& c, const Facts& facts) const;
  /// The same for facts of the whole and facts of parts, of which each makes one more piece of the
  /// experiment; rules for parts see `part_kind` as the kind, and may use facts of the whole as values.
  Tree experiment(const Case& c, const Facts& whole, const std::vector<Facts>& parts,
                  const std::string& part_kind) const;

  /// What a table such as "train.schedule" makes, its settings read. Throws Skip when no rule made that
  /// table.
  Technique make(Tree& tree, const std::string& path, Kind kind);
  template <class Slot>
  std::shared_ptr<Slot> make(Tree& tree, const std::string& path) {
    return std::static_pointer_cast<Slot>(make(tree, path, detail::kind_of<Slot>()).object);
  }
  /// The same for the only entry of a table of tables such as "optimizers".
  template <class Slot>
  std::shared_ptr<Slot> make_only(Tree& tree, const std::string& tables) {
    return make<Slot>(tree, only_entry(tree, tables));
  }

 private:
  static std::string only_entry(const Tree& tree, const std::string& tables);

  Registry& registry_;
  const UpstreamTable& table_;
};

}  // namespace caddie::parity
