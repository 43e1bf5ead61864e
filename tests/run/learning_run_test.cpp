// SPDX-License-Identifier: Apache-2.0
// Runs that are scored by evaluators that learn: the same bits on any number of threads, one checkpoint for
// all scores, an artifact that stays as it is, and a learner that changes nothing is told.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

const std::string kLearners =
    "-S 'evaluators.sgd_ttt={stride=16,chunk_tokens=512,lr=0.1}' "
    "-S 'evaluators.lora_ttt={chunk_tokens=16,batch_documents=3,lr=0.05,keep_a=true,phase_documents=2,"
    "phase_chunk_tokens=64}' -S evaluators.standard.headline=true ";

Json run(const std::string& name, const std::string& more) {
  Outcome outcome = laboratory().run(name, more);
  INFO(outcome.output);
  REQUIRE(outcome.code == 0);
  return Json::parse(read_file(laboratory().folder(name) / "summary.json"));
}

}  // namespace

TEST_CASE("what learners score has the same bits on any number of threads, and leaves the artifact",
          "[end]") {
  run("plain", "-S evaluators.standard.headline=true --threads 1");
  Json one = run("learned_1", kLearners + "--strict --threads 1");
  run("learned_3", kLearners + "--threads 3");
  Bits bits = bits_of(laboratory().folder("learned_1"));
  CHECK(bits == bits_of(laboratory().folder("learned_3")));
  CHECK(bits.artifact == bits_of(laboratory().folder("plain")).artifact);
  for (const char* name : {"sgd_ttt", "lora_ttt"}) {
    INFO(name);
    CHECK(one.at("scores").at(name).at("tokens") == one.at("scores").at("standard").at("tokens"));
    CHECK(one.at("scores").at(name).at("val_bpb") != one.at("scores").at("standard").at("val_bpb"));
    CHECK(one.at("scores").at(name).at("seconds") > 0);
  }
}

TEST_CASE("a learner that changes no weight is told, and is an error for who is strict", "[end]") {
  const std::string idle =
      "-S 'evaluators.sgd_ttt={stride=16,chunk_tokens=512,lr=0}' -S 'evaluators.lora_ttt={lr=0}' "
      "-S evaluators.standard.headline=true";
  Json summary = run("idle", idle);
  for (const char* name : {"evaluators.sgd_ttt", "evaluators.lora_ttt"})
    CHECK_THAT(summary.at("effects").at(name).get<std::string>(),
               Catch::Contains("it left every weight as it was"));
  Outcome strict = laboratory().run("idle_strict", idle + " --strict");
  CHECK(strict.code != 0);
  CHECK_THAT(strict.output, Catch::Contains("it left every weight as it was"));
}

TEST_CASE("a learner needs the whole text, and says which one does", "[end]") {
  run("whole", kLearners);
  Outcome part =
      shell(fmt::format("eval {} --subset 0.5 --evaluator sgd_ttt", laboratory().folder("whole").string()));
  CHECK(part.code != 0);
  CHECK_THAT(
      part.output,
      Catch::Contains("error: evaluator 'sgd_ttt': an evaluator that learns from the text that it scores"));
}
