// SPDX-License-Identifier: Apache-2.0
// The text to train on is checked against the vocabulary of the validation text once both are open.
#include "run/corpus.h"

namespace caddie {

Corpus::Corpus(Experiment& experiment)
    : sequence_length_(size_t(experiment.data.sequence_length)),
      train_(experiment.data.train),
      validation_(experiment) {
  check_matches(train_, validation_.vocabulary());
}

}  // namespace caddie
