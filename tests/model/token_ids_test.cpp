// SPDX-License-Identifier: Apache-2.0
// Ids outside the vocabulary are an error on every way into a model, never a row beside the table.
#include <catch2/catch.hpp>
#include <numeric>

#include "autograd/thread_tape.h"
#include "evaluate/score.h"
#include "export/calibrate.h"
#include "model/token_ids.h"
#include "support/small_model.h"
#include "train/gradient.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr int kSmallVocabulary = 31;  // of small_experiment()

/// Twelve valid ids, but for one.
std::vector<int32_t> ids_with(size_t place, int32_t id) {
  std::vector<int32_t> ids(12);
  std::iota(ids.begin(), ids.end(), 0);
  ids[place] = id;
  return ids;
}

Experiment filled_experiment() {
  Experiment experiment = small_experiment();
  fill_by_name(*experiment.model);
  return experiment;
}

}  // namespace

TEST_CASE("an id outside the vocabulary is named with its place", "[model]") {
  Experiment e = small_experiment();
  Tape& tape = thread_tape(Device::kCpu);
  std::vector<int32_t> highest = ids_with(3, kSmallVocabulary - 1), above = ids_with(7, kSmallVocabulary),
                       below = ids_with(0, -1);
  Ids placed = place_ids(*e.model, tape, highest.data(), 2, 6);
  CHECK(placed.batch == 2);
  CHECK(placed.length == 6);
  CHECK(placed.data[3] == kSmallVocabulary - 1);
  CHECK_THROWS_WITH(
      place_ids(*e.model, tape, above.data(), 2, 6),
      "tokens: the id 31 at position 1 of sequence 1 is outside the model's vocabulary; valid are "
      "0 to 30");
  CHECK_THROWS_WITH(place_ids(*e.model, tape, below.data(), 1, 12),
                    Catch::Contains("the id -1 at position 0 of sequence 0"));
}

TEST_CASE("training refuses ids outside the vocabulary, inputs and targets alike", "[model]") {
  Experiment e = filled_experiment();
  GradientSum sum(*e.model, 1, 12);
  Batch valid{ids_with(0, 0), ids_with(0, 0), 1, 12};
  for (std::vector<int32_t> Batch::*side : {&Batch::inputs, &Batch::targets}) {
    Batch batch = valid;
    batch.*side = ids_with(5, kSmallVocabulary);
    CHECK_THROWS_WITH(sum.run(std::vector<Batch>{batch}, e.model->weights().values(), Progress()),
                      Catch::Contains("the id 31 at position 5"));
  }
  CHECK(std::isfinite(sum.run(std::vector<Batch>{valid}, e.model->weights().values(), Progress())));
}

TEST_CASE("evaluation refuses ids outside the vocabulary", "[model]") {
  Experiment e = filled_experiment();
  Vocabulary larger(
      ByteTables{std::vector<int16_t>(64, 1), std::vector<uint8_t>(64), std::vector<uint8_t>(64)});
  std::vector<int32_t> stream = ids_with(11, 40);
  ModelScorer scorer(*e.model, e.model->weights().values(), stream, larger, 64);
  CHECK_THROWS_WITH(scorer.score(std::vector<Window>{{0, 11, 0}}, 1), Catch::Contains("the id 40"));
  CHECK(scorer.score(std::vector<Window>{{0, 10, 0}}, 1).tokens == 10);
}

TEST_CASE("calibration refuses ids outside the vocabulary", "[model]") {
  Experiment e = filled_experiment();
  std::vector<int> wanted = {1};
  CalibrationText text{ids_with(2, kSmallVocabulary), 12};
  CHECK_THROWS_WITH(collect_hessians(*e.model, e.model->weights().values(), text, wanted, {}),
                    Catch::Contains("the id 31 at position 2"));
}
