// SPDX-License-Identifier: Apache-2.0
// All that a technique includes. A plugin is one source file: a struct that implements a slot, and one
// CADDIE_PLUGIN line.
#pragma once

#include <caddie/math.h>
#include <caddie/parallel.h>
#include <caddie/slots.h>

#include <type_traits>

namespace caddie {

/// What a step at a site does to the value. Steps at one site run in this order, then by label.
enum class Phase : uint8_t { kNormalize, kRotate, kAdd, kMix, kProject, kScale, kGate, kLimit };

/// The sites of a Modifier, as bits.
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

/// The card of a plugin: what can be known of it without making one.
struct PluginCard {
  const char* summary = "";  // one sentence
  const char* source = "";   // paper, or repository and file
  Phase phase = Phase::kMix;
  // Words separated by spaces. An experiment must have a technique that provides each word that one needs,
  // and none that provides a word that one conflicts with. Every technique provides its plugin's name.
  const char* provides = "";
  const char* needs = "";
  const char* conflicts = "";
  // Whether it is what its slot does where nobody chose a technique, such as a schedule that changes nothing.
  // Such a plugin is not asked whether it acted.
  bool neutral = false;
};

struct PluginEntry {
  PluginCard card;
  Kind kind;
  uint32_t sites;  // of a Modifier: those it overrides
  Plugin* (*make)();
};

namespace detail {

/// The kind of the slot that T implements.
template <class T>
constexpr Kind kind_of() {
  static_assert(std::is_base_of_v<Plugin, T>, "a plugin implements one of the slots of caddie/slots.h");
  return T::kKind;
}

// &T::site names Modifier when it is inherited and T when it is overridden; overrides must be public.
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
/// The entry's name carries the hash of the SDK, so that a plugin built for another one is known before it
/// runs.
#define CADDIE_ENTRY CADDIE_JOIN(caddie_plugin_, CADDIE_SDK_HASH)

/// The last line of a plugin:
///     CADDIE_PLUGIN(Ema, .summary = "Exponential moving average of the weights.", .source = "...");
#define CADDIE_PLUGIN(Type, ...)                                                                            \
  extern "C" CADDIE_API const caddie::PluginEntry* CADDIE_ENTRY() {                                         \
    static const caddie::PluginEntry entry = {                                                              \
        caddie::PluginCard{__VA_ARGS__}, caddie::detail::kind_of<Type>(), caddie::detail::sites_of<Type>(), \
        []() -> caddie::Plugin* { return new Type; }};                                                      \
    return &entry;                                                                                          \
  }                                                                                                         \
  static_assert(true)
