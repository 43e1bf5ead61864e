// SPDX-License-Identifier: Apache-2.0
// A few training steps show how fast an experiment runs on this machine. Estimates of a sweep's time rest on
// this measurement.
#pragma once

#include "run/corpus.h"

namespace caddie {

/// Holds what was measured of an experiment on this machine.
struct Speed {
  double step_seconds = 0;        // the time of an optimizer step of average size
  double evaluation_seconds = 0;  // the time of all that a run scores, from raw weights to the artifact
  int64_t peak_mem_bytes = 0;     // the most memory that this process has held
};

/// Takes training steps for about `seconds`, one to warm up and at least two more, and scores some validation
/// text; evaluators are only asked which windows they would score. Afterwards the weights are those after
/// these steps.
Speed measure_speed(Experiment& experiment, const Corpus& corpus, double seconds);

}  // namespace caddie
