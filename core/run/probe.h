// SPDX-License-Identifier: Apache-2.0
// A moment of training shows how fast an experiment runs here; estimates of a sweep's time rest on that.
#pragma once

#include "run/corpus.h"

namespace caddie {

struct Speed {
  double step_seconds = 0;        // the median time of an optimizer step
  double evaluation_seconds = 0;  // the time of all that a run scores, from raw weights to the artifact
  int64_t peak_mem_bytes = 0;     // the most memory that this process has held
};

/// Takes training steps for about `seconds`, one to warm up and at least two more, and scores some validation
/// text; evaluators are only asked which windows they would score. Afterwards the weights are those after
/// these steps.
Speed measure_speed(Experiment& experiment, const Corpus& corpus, double seconds);

}  // namespace caddie
