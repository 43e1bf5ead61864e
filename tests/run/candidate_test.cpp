// SPDX-License-Identifier: Apache-2.0
// Scoring and exporting a finished run once more: the same checks, bits and bytes as the run itself.
#include "run/candidate.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "run/corpus.h"
#include "run/export_again.h"
#include "run/inspect_artifact.h"
#include "run/untrained_run.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

TEST_CASE("a larger tokenizer is refused when a run is scored again, as when it is made", "[run]") {
  UntrainedRun made;
  std::vector<std::string> larger = {"data.tokenizer=" + small_tokenizer().string(),
                                     "data.validation=" + (made.folder.path() / "larger.bin").string()};
  std::string refusal =
      fmt::format("model.vocabulary is 400, but {} has 420 pieces; set model.vocabulary = 420",
                  small_tokenizer().string());
  CHECK_THROWS_WITH(Candidate(made.run, {{}, larger, 0}, registry(), Device::kCpu), refusal);
  Tree tree = made.tree();
  for (const std::string& change : larger) tree.override_with(change);
  Experiment e = assemble(tree, registry(), Device::kCpu);
  CHECK_THROWS_WITH(Corpus(e), refusal);
  try {
    Corpus corpus(e);
    FAIL("a larger tokenizer was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == kUsage);
  }
}

TEST_CASE("validation text of another tokenizer is refused when a run is scored again", "[run]") {
  UntrainedRun made;
  std::vector<std::string> other = {"data.validation=" + (made.folder.path() / "larger.bin").string()};
  CHECK_THROWS_WITH(Candidate(made.run, {{}, other, 0}, registry(), Device::kCpu),
                    Catch::Contains("the shards hold the id 419") && Catch::Contains("has only 400 pieces"));
}

TEST_CASE("scoring again gives the bits of the run's own score", "[run]") {
  UntrainedRun made;
  Candidate candidate(made.run, {}, registry(), Device::kCpu);
  CHECK(candidate.headline() == "standard");
  CHECK(candidate.evaluators({}) == std::vector<std::string>{"sliding", "standard"});
  Tree tree = made.tree();
  Experiment e = assemble(tree, registry(), Device::kCpu);
  std::vector<Tensor> weights = read_artifact(made.own_bytes, e.export_parts, *e.model);
  Corpus corpus(e);
  for (const RoutedEvaluator& evaluator : e.evaluators) {
    const std::string& label = evaluator.technique.label;
    Score own = corpus.validation().score(evaluator, weights).score, again = candidate.score(label);
    CHECK(again.nats == own.nats);
    CHECK(again.tokens == own.tokens);
    CHECK(again.bytes == own.bytes);
    CHECK(again.windows == own.windows);
  }
}

TEST_CASE("evaluators are chosen by label and given a stride", "[run]") {
  UntrainedRun made;
  Candidate as_is(made.run, {}, registry(), Device::kCpu);
  CHECK_THROWS_WITH(as_is.evaluators(std::vector<std::string>{"slow"}),
                    Catch::Contains("no evaluator of its experiment is called 'slow'"));
  Candidate finer(made.run, {{}, {}, 4}, registry(), Device::kCpu);
  CHECK(as_is.score("sliding").windows < finer.score("sliding").windows);
  CHECK(as_is.score("standard").windows == finer.score("standard").windows);
  std::vector<std::string> none = {"~evaluators.sliding"};
  CHECK_THROWS_WITH(Candidate(made.run, {{}, none, 4}, registry(), Device::kCpu),
                    "--stride: no evaluator of the experiment has one");
}

TEST_CASE("an estimate from a part holds for the whole, and for a difference from itself", "[run]") {
  UntrainedRun made;
  Candidate candidate(made.run, {}, registry(), Device::kCpu);
  PartScore part = candidate.score_part("standard", 0.5);
  CHECK(part.stretches.size() >= 20);
  CHECK(part.whole == candidate.score("standard").tokens);
  CHECK(estimate_bits_per_byte(part).ratio == Approx(part.score.bits_per_byte()));
  RatioEstimate none = estimate_bits_per_byte(part, &part);
  CHECK(none.ratio == 0);
  CHECK(none.high == 0);
  PartScore other = candidate.score_part("sliding", 0.5);
  CHECK_THROWS_WITH(estimate_bits_per_byte(part, &other), Catch::Contains("do not score the same text"));
}

TEST_CASE("settings that were changed after the run wrote them are refused by name", "[run]") {
  Runs runs;
  runs.go();
  fs::path settings = runs.folder / "resolved.toml";
  write_file(settings, read_file(settings) + "# another line\n");
  InspectRequest request;
  request.file = runs.folder / "artifact.bin";
  request.fast = true;
  StatusLine status(true);
  auto refusal = Catch::Contains("resolved.toml was changed after it was written");
  CHECK_THROWS_WITH(Candidate(runs.folder, {}, registry(), Device::kCpu), refusal);
  CHECK_THROWS_WITH(Candidate(request.file, {settings, {}, 0}, registry(), Device::kCpu), refusal);
  CHECK_THROWS_WITH(inspect_artifact(request, status), refusal);
}

TEST_CASE("an artifact under the settings of another run is scored with a note", "[run]") {
  Runs runs;
  runs.go();
  Runs others;
  others.go();
  auto note = [](const fs::path& artifact, const fs::path& settings) {
    return Candidate(artifact, {settings, {}, 0}, registry(), Device::kCpu).note();
  };
  fs::path artifact = runs.folder / "artifact.bin", foreign = others.folder / "resolved.toml";
  CHECK(note(runs.folder, {}).empty());
  CHECK(note(artifact, runs.folder / "resolved.toml").empty());
  fs::path twin = runs.data.folder / "twin.bin";
  write_file(twin, read_file(artifact));
  CHECK(note(twin, runs.folder / "resolved.toml").empty());
  StatusLine status(true);
  std::vector<std::string> packed = {"export.pack_bits=true"};
  export_again(runs.folder, packed, twin, Device::kCpu, status);
  CHECK(note(twin, runs.folder / "resolved.toml") ==
        fmt::format("{}: not the artifact of the run that left {}", twin.string(),
                    (runs.folder / "resolved.toml").string()));
  // Where no summary says what the artifact was, the keys of the runs decide.
  fs::remove(others.folder / "summary.json");
  CHECK(note(artifact, foreign).empty());
  RunRecord record = read_run_record(others.folder).value();
  record.key = "another";
  write_run_record(others.folder, record);
  CHECK_THAT(note(artifact, foreign), Catch::Contains("not the artifact of the run that left"));
}

TEST_CASE("exporting again gives the run's own bytes, or what -S asks for", "[run]") {
  UntrainedRun made;
  StatusLine status(true);
  fs::path file = made.folder.path() / "again.bin";
  ExportedAgain same = export_again(made.run, {}, file, Device::kCpu, status);
  CHECK(read_file(file) == made.own_bytes);
  CHECK(same.bytes == int64_t(made.own_bytes.size()));
  std::vector<std::string> smaller = {fmt::format("budget.artifact_bytes={}", same.bytes - 10),
                                      "budget.code_bytes=0"};
  CHECK(export_again(made.run, smaller, file, Device::kCpu, status).headroom == -10);
  CHECK(experiment_beside(file, {}) == made.folder.path() / "again.toml");
  CHECK_THROWS_WITH(export_again(made.folder.path(), {}, file, Device::kCpu, status),
                    Catch::Contains("there are no trained weights"));
}

TEST_CASE("calibration text with ids beyond the vocabulary is refused by the name of its shards", "[run]") {
  UntrainedRun made;
  std::string larger = (made.folder.path() / "larger.bin").string();
  std::vector<std::string> calibrated = {"data.train=" + larger, "export.calibration.text=training",
                                         "~export.quantizers.others",
                                         "export.quantizers.gptq={weights=[\"role:matrix\"]}",
                                         "export.quantizers.fp16={weights=[\"!role:matrix\"]}"};
  StatusLine status(true);
  CHECK_THROWS_WITH(
      export_again(made.run, calibrated, made.folder.path() / "again.bin", Device::kCpu, status),
      larger + ": the shards hold the id 419; a model whose vocabulary is 400 knows 0 to 399");
}
