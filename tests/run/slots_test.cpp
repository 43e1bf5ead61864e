// SPDX-License-Identifier: Apache-2.0
// Every slot is used by some room: a plugin that is named and never asked would change nothing.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include "run/run.h"
#include "support/every_slot.h"
#include "support/plugins.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("a run asks the plugin of every slot for something, in no stage before its own", "[run],[plugin]") {
  TemporaryFolder folder;
  std::vector<std::string> changes = kEverySlot;
  for (const char* change : {"budget.steps=2", "model.vocabulary=420", "data.batch_tokens=192",
                             "export.calibration.sequences=1", "evaluators.sliding.stride=96"})
    changes.emplace_back(change);
  Tree tree = tree_with(changes);
  Registry registry;
  Experiment experiment = assemble(tree, registry, Device::kCpu);
  RunOptions options;
  options.folder = folder / "run";
  options.quiet = true;
  run_experiment(tree, experiment, registry, options);
  for (const Slot& slot : slot_table()) {
    INFO("[" << slot.path << "] of kind " << slot.name);
    auto part = std::ranges::find(experiment.parts, &slot, &Experiment::Part::slot);
    REQUIRE(part != experiment.parts.end());  // tests/support/every_slot.h fills every slot
    CHECK(part->technique.calls->any);
  }
}

TEST_CASE("a plugin is not used as one of another kind, nor in a stage before its slot's", "[run],[plugin]") {
  Tree tree = tree_with(kEverySlot);
  Registry registry;
  Experiment experiment = assemble(tree, registry, Device::kCpu);
  const Technique& compressor = experiment.export_parts.compressor;
  CHECK_THROWS_WITH(compressor.as<Schedule>(), Catch::Contains("no plugin of the kind"));
  CHECK_NOTHROW(compressor.as<Compressor>());
  StageScope scope(Stage::kTrain);
  CHECK_THROWS_WITH(compressor.as<Compressor>(),
                    Catch::Contains("in an earlier stage than the row of its slot"));
  CHECK_NOTHROW(experiment.only<Schedule>());
}
