// SPDX-License-Identifier: Apache-2.0
// What can be known before anything is trained is an error when the experiment is read.
#include "experiment/validate.h"

#include <catch2/catch.hpp>

#include "data/shards.h"
#include "support/plugins.h"
#include "support/small_model.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

void refuses(const std::vector<std::string>& changes, const std::string& what) {
  INFO(changes.back());
  try {
    small_experiment(changes, registry());
    FAIL("it was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == 2);
    CHECK_THAT(error.what(), Contains(what));
    CHECK_THAT(error.what(), Contains("-->"));
  }
}

/// A model whose sequences have 12 tokens, and settings that name shards of `tokens` tokens.
std::vector<std::string> on_shards(const TemporaryFolder& folder, size_t tokens) {
  std::string shard = (folder.path() / "tokens.bin").string();
  write_shard(shard, std::vector<uint16_t>(tokens, 1));
  return {"data.train='" + shard + "'", "data.validation='" + shard + "'"};
}

}  // namespace

TEST_CASE("settings that no model of this shape can take are refused when they are read", "[validate]") {
  refuses({"evaluators.sliding_window={headline=true}"}, "stride 64 skips positions, for a window has 12");
  for (const char* dims : {"3", "18"})
    refuses({"techniques.rope={}", std::string("techniques.rope.dims=") + dims},
            "even number up to the head size 16");
  for (const char* optimizer : {"muon", "normuon"})
    refuses({std::string("optimizers.others={use='") + optimizer + "', weights=['*'], lr=0.01}",
             "techniques.q_gain={}"},
            "only matrices are updated");
  refuses({"techniques.qat={weights=['role:matrix'], form='int6_by4', rounding='soft'}"},
          "takes no soft rounding");
  refuses({"budget={artifact_bytes=1000, code_bytes=1000}"}, "leaves nothing of artifact_bytes 1,000");
}

TEST_CASE("a setting of the plugin that a table is called like is told when use names another",
          "[validate]") {
  refuses(
      {"optimizers.muon={weights=['role:matrix'], momentum_warmup_steps=5}",
       "optimizers.others.weights=['!role:matrix']", "optimizers.muon.use=adamw"},
      "unknown key 'momentum_warmup_steps' in [optimizers.muon]; it is a setting of muon, which the table "
      "is called like, and use names adamw: take it away with -S "
      "'~optimizers.muon.momentum_warmup_steps'");
  refuses({"techniques.bigram_hash.buckets=64", "techniques.bigram_hash.use=value_residual"},
          "it is a setting of bigram_hash, which the table is called like, and use names value_residual");
  refuses({"optimizers.muon={weights=['role:matrix'], momentum_warmups=5}",
           "optimizers.others.weights=['!role:matrix']", "optimizers.muon.use=adamw"},
          "unknown key 'momentum_warmups' in [optimizers.muon]; known: ");
}

TEST_CASE("an error about a plugin's settings points at the one it is about", "[validate]") {
  refuses({"evaluators.sliding_window={headline=true, stride=4}", "evaluators.sliding_window.stride=65"},
          "--> -S evaluators.sliding_window.stride=65");
  refuses({"budget.artifact_bytes=1000", "budget.code_bytes=2000"}, "--> -S budget.code_bytes=2000");
}

TEST_CASE("percentiles must rise", "[validate]") {
  for (const char* plugin : {"gptq", "gptq_lite"}) {
    std::string table = std::string("export.quantizers.") + plugin;
    std::vector<std::string> changes = {table + ".weights=['role:matrix']",
                                        "export.quantizers.others.weights=['!role:matrix']"};
    changes.push_back(table + ".percentiles=[1.0, 0.5]");
    refuses(changes, "percentiles must rise, but 1 is followed by 0.5");
    changes.back() = table + ".percentiles=[]";
    refuses(changes, "percentiles is empty");
    changes.back() = table + ".percentiles=[0.5, 1.0]";
    CHECK_NOTHROW(small_experiment(changes, registry()));
  }
}

TEST_CASE("windows longer than the validation stream are refused when the experiment is read", "[validate]") {
  TemporaryFolder folder;
  std::vector<std::string> changes = on_shards(folder, 30);  // Two sequences of 12 can be scored.
  changes.push_back("evaluators.standard.sequence_length=24");
  CHECK_NOTHROW(small_experiment(changes, registry()));
  changes.back() = "evaluators.standard.sequence_length=25";
  refuses(changes, "24 positions, fewer than the 25 of one window");
  changes.back() = "evaluators.standard={use='sliding_window', stride=2, sequence_length=25}";
  refuses(changes, "24 positions, fewer than the 25 of one window");
  changes.back() = "evaluators.standard={isolate_documents=true, sequence_length=25}";
  Experiment by_document = small_experiment(changes, registry());
  DataSizes sizes;
  CHECK_FALSE(find_problem(by_document, sizes));
  sizes.documents = 0;
  REQUIRE(find_problem(by_document, sizes));
  CHECK_THAT(find_problem(by_document, sizes)->text, Contains("marks no documents"));
  CHECK(find_problem(by_document, sizes)->path == "evaluators.standard");
}

TEST_CASE("a validation stream without one whole sequence is refused when the experiment is read",
          "[validate]") {
  TemporaryFolder folder;
  CHECK_THROWS_WITH(small_experiment(on_shards(folder, 12), registry()),
                    Contains("too few for one sequence of 12"));
}

TEST_CASE("what plugins remark on stands behind their tables and refuses nothing", "[validate]") {
  std::vector<std::string> changes = {"train.schedule={use='warmdown', warmdown_steps=200}",
                                      "optimizers.others={use='adamw', weights=['!role:matrix'], lr=0.01}",
                                      "optimizers.matrices={use='muon', weights=['role:matrix'], lr=0.01}",
                                      "optimizers.matrices.momentum_warmup_steps=30", "budget.steps=12"};
  CHECK(
      remarks_on(small_experiment(changes, registry()), {}) ==
      std::vector<std::string>{
          "[optimizers.matrices] momentum_warmup_steps = 30 and the training has 12 steps, so the momentum "
          "never rises to 0.95",
          "[train.schedule] warmdown_steps = 200 and the training has 12 steps, so the learning rates begin "
          "at 6 % of their settings"});
  changes.push_back("budget.seconds=5");
  CHECK(remarks_on(small_experiment(changes, registry()), {}).size() == 1);
  changes.push_back("optimizers.matrices.momentum_start=0.95");
  CHECK(remarks_on(small_experiment(changes, registry()), {}).empty());
}

TEST_CASE("calibration is checked where something is calibrated", "[validate]") {
  TemporaryFolder folder;
  std::vector<std::string> changes = on_shards(folder, 100);
  changes.push_back("export.calibration.length=1");
  CHECK_NOTHROW(small_experiment(changes, registry()));
  changes.insert(changes.begin(), {"export.quantizers.gptq.weights=['role:matrix']",
                                   "export.quantizers.others.weights=['!role:matrix']"});
  refuses(changes, "sequences of 1 token");
  changes.back() = "export.calibration={text='training', length=101}";
  refuses(changes, "longer than the training text, which has 100");
  changes.back() = "export.calibration={text='training', length=100}";
  CHECK_NOTHROW(small_experiment(changes, registry()));
}
