// SPDX-License-Identifier: Apache-2.0
// Describes the settings that an object declares, for people and for programs.
#pragma once

#include <caddie/settings.h>

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"

namespace caddie {

/// Describes a setting in words: its type as in "integer", its range as in "from 1 to 64" or "one of a, b"
/// ("" when all is allowed), and its default as TOML.
struct SettingInfo {
  std::string name, type, default_text, range, help;
};
Json json_of(const SettingInfo& setting);
/// Describes a setting in one line, in columns.
std::string line_of(const SettingInfo& setting);

/// Returns the settings that `declare` visits, in its order. The object behind it must be freshly
/// constructed.
std::vector<SettingInfo> describe(const std::function<void(Settings&)>& declare);

}  // namespace caddie
