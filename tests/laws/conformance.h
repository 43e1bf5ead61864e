// SPDX-License-Identifier: Apache-2.0
// Holds the plugins of the registry to the laws of their kinds.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "laws/law.h"
#include "support/paths.h"
#include "support/plugins.h"

namespace caddie::testing {

/// Returns settings without which a plugin would do nothing on texts of some hundred positions.
inline std::vector<std::string> settings_for_small_texts(const std::string& name) {
  if (name == "ngram_tilt") return {"order=3"};
  if (name == "sgd_ttt") return {"chunk_tokens=128", "stride=64"};
  if (name == "lora_ttt")
    return {"chunk_tokens=16", "batch_documents=3",      "phase_documents=5",
            "phases=2",        "phase_chunk_tokens=256", "keep_a=true"};
  return {};
}

/// Checks each law for each plugin of the wanted kinds; whatever one of them does hides no other.
template <class Wanted>
void check_conformance(Wanted wanted) {
  int held = 0;
  for (const PluginFile& file : registry().files()) {
    if (!wanted(plugin_entry(file.name).kind)) continue;
    Subject subject(registry(), file.name, settings_for_small_texts(file.name),
                    build_folder() / "bin/caddie");
    for (const Law* law : laws_of(subject.kind())) {
      LawFinding finding = hold_to(*law, subject);
      INFO(law->name << ": " << law->promise << ": " << finding.why);
      CHECK(finding.outcome != LawFinding::Outcome::kBroken);
      ++held;
    }
  }
  CHECK(held > 50);
}

}  // namespace caddie::testing
