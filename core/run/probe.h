// SPDX-License-Identifier: Apache-2.0
// How fast an experiment runs here, measured in a moment; what estimates of a sweep's time rest on.
#pragma once

#include "run/corpus.h"

namespace caddie {

struct Speed {
  double step_seconds = 0;        // of an optimizer step
  double evaluation_seconds = 0;  // of all that a run scores, from raw weights to the artifact
  int64_t peak_mem_bytes = 0;     // of this process
};

/// Takes training steps for about `seconds`, two at least, and scores some validation text; evaluators are
/// only asked which windows they would score. The weights are afterwards those of a training just begun.
Speed measure_speed(Experiment& experiment, const Corpus& corpus, double seconds);

}  // namespace caddie
