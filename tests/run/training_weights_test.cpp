// SPDX-License-Identifier: Apache-2.0
// Weights that a training starts from must be the model's.
#include <catch2/catch.hpp>

#include "run/stored_weights.h"
#include "support/plugins.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"
#include "tensor/safetensors.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("tensors that the model lacks are named", "[training]") {
  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "w.safetensors";
  Experiment e = small_experiment({}, registry());
  const WeightTable& table = e.model->weights();
  write_weights(file, table, table.values());
  CHECK(unused_weights(file, table).empty());

  std::vector<std::pair<std::string, Tensor>> named;
  for (int i = 0; i < table.size(); ++i) named.emplace_back(table.info(i).name, table.value(i));
  named.emplace_back("blocks.9.extra", Tensor({2}));
  write_safetensors(file, named, {});
  CHECK_THAT(unused_weights(file, table),
             Contains("1 of its tensors is no weight of the model: blocks.9.extra"));
  for (const char* name : {"a", "b", "c"}) named.emplace_back(name, Tensor({1}));
  write_safetensors(file, named, {});
  CHECK_THAT(unused_weights(file, table), Contains("4 of its tensors are no weight") && Contains(", ..."));
}
