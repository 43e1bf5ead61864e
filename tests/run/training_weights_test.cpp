// SPDX-License-Identifier: Apache-2.0
// Weights that a training starts from must be the model's.
#include <catch2/catch.hpp>
#include <limits>

#include "run/stored_weights.h"
#include "support/plugins.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"
#include "tensor/safetensors.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

TEST_CASE("the first element of stored weights that is not finite is named", "[training]") {
  Experiment e = small_experiment({}, registry());
  const WeightTable& table = e.model->weights();
  std::vector<Tensor> values;
  for (const Tensor& value : table.values()) values.push_back(clone(value));
  CHECK(not_finite_in(values, table).empty());
  int weight = table.find("blocks.1.mlp.fc.weight");
  REQUIRE(weight >= 0);
  values[size_t(weight)].data()[2 * 64 + 5] = std::numeric_limits<float>::quiet_NaN();  // It has 64 columns.
  values[size_t(weight)].data()[3 * 64] = std::numeric_limits<float>::infinity();
  CHECK(not_finite_in(values, table) == "blocks.1.mlp.fc.weight[2, 5] is nan");
}

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
