// SPDX-License-Identifier: Apache-2.0
// Gathers all that a technique includes. A plugin is one source file: a struct that implements a slot, and
// one CADDIE_PLUGIN line.
#pragma once

#include <caddie/blend.h>
#include <caddie/evaluator.h>
#include <caddie/export_slots.h>
#include <caddie/layer_slots.h>
#include <caddie/math.h>
#include <caddie/objective.h>
#include <caddie/parallel.h>
#include <caddie/sampler.h>
#include <caddie/text_transform.h>

#include <type_traits>

namespace caddie {

/// Says what a technique does to the value at a site. Techniques at one site run in the order of their
/// phases, then of their labels.
enum class Phase : uint8_t { kNormalize, kRotate, kAdd, kMix, kProject, kScale, kGate, kLimit };

/// Names the sites of a Modifier, in the order in which a forward pass comes to them.
enum class Site : uint8_t {
  kEmbedded,
  kStem,
  kEnter,
  kMixed,
  kNormed,
  kQueryKey,
  kValue,
  kAttended,
  kActivated,
  kBranch,
  kLeave,
  kLogits,
  kCount  // the number of sites
};

/// Returns the bit that stands for a site in a set of them.
constexpr uint32_t bit_of(Site site) { return 1u << uint8_t(site); }

/// Tells what can be known of a plugin without making one.
struct PluginCard {
  const char* summary = "";  // one sentence, for lists
  const char* source = "";   // the paper, or the repository and file, that it follows
  Phase phase = Phase::kMix;
  // Each holds words separated by spaces. An experiment must have a technique that provides each word that
  // one needs, and none that provides a word that one conflicts with. Every technique provides its plugin's
  // name.
  const char* provides = "";
  const char* needs = "";
  const char* conflicts = "";
  // Holds names of kinds, separated by spaces, of which no plugin is asked while this one is on, as an MLP
  // with an activation of its own leaves that of the experiment alone.
  const char* replaces = "";
  // Tells whether the plugin stands for the absence of a technique, as a schedule does that changes nothing.
  // Such a plugin is not asked whether it acted.
  bool neutral = false;
  // Tells whether the plugin acts in training only. An evaluation passes it over, and whether it acted is
  // seen from the gradients of a training pass.
  bool training_only = false;
};

/// Is what a plugin's library hands to the program. CADDIE_PLUGIN writes it.
struct PluginEntry {
  PluginCard card;
  Kind kind;
  uint32_t sites;  // the bits of the sites that a Modifier overrides; 0 for other kinds
  Plugin* (*make)();
};

namespace detail {

/// Returns the kind of the slot that T implements.
template <class T>
constexpr Kind kind_of() {
  static_assert(std::is_base_of_v<Plugin, T>, "a plugin implements one of the slots of caddie/slots.h");
  return T::kKind;
}

/// Describes one site of a technique.
struct SiteRow {
  Site site;
  const char* name;  // the name of the function that Modifier has for it
  bool overridden;
};

/// Returns whether a function is not Modifier's own: the type of &T::site names Modifier when it is inherited
/// and T when it is overridden, which must be public.
template <class Owner, class Value, class Context>
constexpr bool is_overridden(Value (Owner::*)(Context&, Value)) {
  return !std::is_same_v<Owner, Modifier>;
}

/// Holds a row for each site, in their order.
template <class T>
inline constexpr SiteRow kSites[] = {
    {Site::kEmbedded, "embedded", is_overridden(&T::embedded)},
    {Site::kStem, "stem", is_overridden(&T::stem)},
    {Site::kEnter, "enter", is_overridden(&T::enter)},
    {Site::kMixed, "mixed", is_overridden(&T::mixed)},
    {Site::kNormed, "normed", is_overridden(&T::normed)},
    {Site::kQueryKey, "query_key", is_overridden(&T::query_key)},
    {Site::kValue, "value", is_overridden(&T::value)},
    {Site::kAttended, "attended", is_overridden(&T::attended)},
    {Site::kActivated, "activated", is_overridden(&T::activated)},
    {Site::kBranch, "branch", is_overridden(&T::branch)},
    {Site::kLeave, "leave", is_overridden(&T::leave)},
    {Site::kLogits, "logits", is_overridden(&T::logits)},
};

constexpr bool every_site_has_its_row() {
  uint8_t rows = 0;
  for (const SiteRow& row : kSites<Modifier>)
    if (row.site != Site(rows++)) return false;
  return Site(rows) == Site::kCount;
}
static_assert(every_site_has_its_row(), "the rows of kSites are not the sites in their order");

/// Returns the bits of the sites that T overrides.
template <class T>
constexpr uint32_t sites_of() {
  uint32_t sites = 0;
  if constexpr (std::is_base_of_v<Modifier, T>)
    for (const SiteRow& row : kSites<T>)
      if (row.overridden) sites |= bit_of(row.site);
  return sites;
}

}  // namespace detail
}  // namespace caddie

#define CADDIE_JOIN_(a, b) a##b
#define CADDIE_JOIN(a, b) CADDIE_JOIN_(a, b)
/// Names the function that returns the entry. The name carries the hash of the SDK, so that a plugin built
/// for another one is known before it runs.
#define CADDIE_ENTRY CADDIE_JOIN(caddie_plugin_, CADDIE_SDK_HASH)

/// Stands last in a plugin and makes its entry from the struct and the fields of its PluginCard:
///     CADDIE_PLUGIN(Ema, .summary = "Exponential moving average of the weights.", .source = "...");
#define CADDIE_PLUGIN(Type, ...)                                                                            \
  extern "C" CADDIE_API const caddie::PluginEntry* CADDIE_ENTRY() {                                         \
    static const caddie::PluginEntry entry = {                                                              \
        caddie::PluginCard{__VA_ARGS__}, caddie::detail::kind_of<Type>(), caddie::detail::sites_of<Type>(), \
        []() -> caddie::Plugin* { return new Type; }};                                                      \
    return &entry;                                                                                          \
  }                                                                                                         \
  static_assert(true)
