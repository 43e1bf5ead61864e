// SPDX-License-Identifier: Apache-2.0
// The text to train on is checked against the vocabulary of the validation text once both are open.
#include "run/corpus.h"

#include <algorithm>

namespace caddie {

Corpus::Corpus(Experiment& experiment)
    : sequence_length_(size_t(experiment.data.sequence_length)),
      train_(experiment.data.train),
      validation_(experiment) {
  check_matches(train_, validation_.vocabulary(), validation_.has_sidecar());
}

std::span<const int32_t> Corpus::probe() const {
  std::span<const int32_t> tokens = validation_.tokens();
  size_t middle = sequence_length_ / 2, last = tokens.size() - sequence_length_;
  auto from = tokens.begin() + std::ptrdiff_t(middle), to = from + std::ptrdiff_t(last) + 1;
  auto start = std::find(from, to, validation_.vocabulary().begin_id());
  return tokens.subspan(start == to ? 0 : size_t(start - from), sequence_length_);
}

Loader open_loader(const Experiment& e, const Corpus& corpus, int rank, int ranks) {
  return {corpus.train(),
          e.only<Sampler>(),
          {e.data.batch(), e.train.accumulation, rank, ranks, uint64_t(e.seed)}};
}

}  // namespace caddie
