// SPDX-License-Identifier: Apache-2.0
// Gathers all that a technique includes. A plugin is one source file: a struct that implements a slot, and
// one CADDIE_PLUGIN line.
#pragma once

#include <caddie/math.h>
#include <caddie/parallel.h>
#include <caddie/slots.h>

#include <type_traits>

namespace caddie {

/// Says what a technique does to the value at a site. Techniques at one site run in the order of their
/// phases, then of their labels.
enum class Phase : uint8_t { kNormalize, kRotate, kAdd, kMix, kProject, kScale, kGate, kLimit };

/// Names the sites of a Modifier, each of which is one bit.
enum Site : uint32_t {
  kEmbeddedSite = 1,
  kStemSite = 2,
  kEnterSite = 4,
  kNormedSite = 8,
  kQueryKeySite = 16,
  kValueSite = 32,
  kAttendedSite = 64,
  kBranchSite = 128,
  kLeaveSite = 256,
  kLogitsSite = 512
};

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
  // Tells whether the plugin stands for the absence of a technique, as a schedule does that changes nothing.
  // Such a plugin is not asked whether it acted.
  bool neutral = false;
};

/// Is what a plugin's library hands to the program. CADDIE_PLUGIN writes it.
struct PluginEntry {
  PluginCard card;
  Kind kind;
  uint32_t sites;  // the sites that a Modifier overrides; 0 for other kinds
  Plugin* (*make)();
};

namespace detail {

/// Returns the kind of the slot that T implements.
template <class T>
constexpr Kind kind_of() {
  static_assert(std::is_base_of_v<Plugin, T>, "a plugin implements one of the slots of caddie/slots.h");
  return T::kKind;
}

/// Returns the sites that T overrides: the type of &T::site names Modifier when it is inherited and T when it
/// is overridden, which must be public.
template <class T>
constexpr uint32_t sites_of() {
  if constexpr (std::is_base_of_v<Modifier, T>) {
    uint32_t sites = 0;
    if (!std::is_same_v<decltype(&T::embedded), decltype(&Modifier::embedded)>) sites |= kEmbeddedSite;
    if (!std::is_same_v<decltype(&T::stem), decltype(&Modifier::stem)>) sites |= kStemSite;
    if (!std::is_same_v<decltype(&T::enter), decltype(&Modifier::enter)>) sites |= kEnterSite;
    if (!std::is_same_v<decltype(&T::normed), decltype(&Modifier::normed)>) sites |= kNormedSite;
    if (!std::is_same_v<decltype(&T::query_key), decltype(&Modifier::query_key)>) sites |= kQueryKeySite;
    if (!std::is_same_v<decltype(&T::value), decltype(&Modifier::value)>) sites |= kValueSite;
    if (!std::is_same_v<decltype(&T::attended), decltype(&Modifier::attended)>) sites |= kAttendedSite;
    if (!std::is_same_v<decltype(&T::branch), decltype(&Modifier::branch)>) sites |= kBranchSite;
    if (!std::is_same_v<decltype(&T::leave), decltype(&Modifier::leave)>) sites |= kLeaveSite;
    if (!std::is_same_v<decltype(&T::logits), decltype(&Modifier::logits)>) sites |= kLogitsSite;
    return sites;
  } else {
    return 0;
  }
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
