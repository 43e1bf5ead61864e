// SPDX-License-Identifier: Apache-2.0
// A design forms the arms of a sweep from its factors. Each kind is one file in this folder and one row in
// table.cpp.
#pragma once

#include <caddie/settings.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/describe.h"
#include "sweep/factor.h"

namespace caddie {

/// Tells how the arms of a sweep are formed from its factors. Every other part of Caddie that treats one
/// design otherwise than another asks it here. Errors about factors that do not fit are Error (kUsage)
/// without a place: the caller says which sweep and which kind of design it is.
class SweepDesign {
 public:
  virtual ~SweepDesign() = default;

  /// Declares what this kind alone reads in [design].
  virtual void settings(Settings&) {}

  /// Tells whether a sweep without a factor is an error. Where it is not, there is the baseline and the
  /// points.
  virtual bool needs_factors() const { return true; }

  /// Returns the level of a factor that means "nothing changed", unless the sweep names one;
  /// `factor.baseline` is the one that the base experiment has (off, for a toggle).
  virtual size_t baseline_of(const Factor& factor) const { return factor.baseline; }

  /// Returns the arms in the order of the tables, with or without the baseline; at least one factor is given.
  virtual std::vector<Levels> arms(std::span<const Factor> factors) const = 0;

  /// Returns the effects that no run of these arms tells apart, as text: "a = b*c".
  virtual std::vector<std::string> aliases(std::span<const Factor>) const { return {}; }

  /// Tells whether arms vary several factors at once, so that main effects and interactions are estimated
  /// from all runs and the report has a table of them.
  virtual bool has_effects() const { return false; }
};

/// This is a row of the table of designs.
struct DesignKind {
  std::string_view name;  // the name in `kind = "..."`, and of its file
  std::string_view help;
  std::unique_ptr<SweepDesign> (*make)();
};

/// Holds what every kind of design reads in [design].
struct DesignSettings {
  std::string kind = "grid";
  std::vector<std::string> techniques;  // the techniques that are toggled besides the axes
  void settings(Settings& s);
};

/// Returns all kinds of designs, the one that sweeps have by default first.
std::span<const DesignKind> design_kinds();

/// Returns null when there is no kind of that name.
const DesignKind* find_design(std::string_view name);

/// Returns the names of all kinds, in the order of the table.
std::vector<std::string> design_names();

/// Returns what a kind alone reads in [design].
std::vector<SettingInfo> settings_of(const DesignKind& kind);

/// Returns the names of the kinds that declare a setting of that name.
std::vector<std::string> designs_with(std::string_view setting);

}  // namespace caddie
