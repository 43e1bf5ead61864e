// SPDX-License-Identifier: Apache-2.0
// Data that change under a run, or after it, are never scored in silence.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <fstream>

#include "base/exit_code.h"
#include "results/fingerprint.h"
#include "run/candidate.h"
#include "run/export_again.h"
#include "run/recorded_data.h"
#include "run/untrained_run.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// Changes the last token of a shard in place.
void flip_last_token(const fs::path& shard) {
  std::fstream file(shard, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(-2, std::ios::end);
  int low = file.get();
  file.seekp(-2, std::ios::end).put(char(low ^ 1));
}

/// The stages of a store that are finished.
std::vector<std::string> finished_stages(const fs::path& store) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(store))
    if (entry.path().filename() == "stage.json") found.push_back(entry.path().string());
  return found;
}

/// Says in the run's record that it read other data.
void record_other(const fs::path& run, std::string DataRecord::*part) {
  RunRecord record = read_run_record(run).value();
  record.data.*part = std::string(64, '0');
  write_run_record(run, record);
}

const std::vector<std::string> kCalibrated = {"export.calibration.text=training", "~export.quantizers.others",
                                              "export.quantizers.gptq={weights=[\"role:matrix\"]}",
                                              "export.quantizers.fp16={weights=[\"!role:matrix\"]}"};

}  // namespace

TEST_CASE("a training whose text was changed meanwhile fails, and the store takes nothing of it", "[run]") {
  Runs runs;
  fs::path store = runs.data.folder / "store", shard = runs.data.folder / "train.bin";
  data_hash(shard.string());  // This is what a run does first.
  flip_last_token(shard);
  CHECK_THROWS_WITH(runs.go(false, store), Contains("train.bin: was changed while it was in use"));
  CHECK(read_summary(runs.folder).status == "failed");
  CHECK_THAT(read_summary(runs.folder).fail_reason, Contains("train.bin: was changed"));
  CHECK(finished_stages(store).empty());
}

TEST_CASE("validation text that was changed before it was read is not scored", "[run]") {
  Runs runs;
  fs::path shard = runs.data.folder / "validation.bin";
  data_hash(shard.string());
  flip_last_token(shard);
  CHECK_THROWS_WITH(runs.go(), Contains("validation.bin: was changed while it was in use"));
  CHECK(read_summary(runs.folder).status.empty());
}

TEST_CASE("a run is scored again only on the text that it was scored on", "[run]") {
  Runs runs;
  double bpb = *runs.go().bpb;
  CandidateOptions options;
  CHECK(Candidate(runs.folder, options, registry(), Device::kCpu).score("standard").bits_per_byte() == bpb);
  SECTION("another text at the same place is refused by name") {
    record_other(runs.folder, &DataRecord::validation);
    try {
      Candidate(runs.folder, options, registry(), Device::kCpu);
      FAIL("changed text was scored");
    } catch (const Error& error) {
      CHECK(error.code() == kUsage);
      CHECK_THAT(error.what(), Contains("validation.bin: not what the run of ") && Contains("was 00000000"));
    }
    SECTION("under other settings that name it too") {
      fs::path copy = runs.data.folder / "copy.toml";
      write_file(copy, read_file(runs.folder / "resolved.toml"));
      options.experiment = copy;
      CHECK_THROWS_WITH(Candidate(runs.folder, options, registry(), Device::kCpu),
                        Contains("validation.bin: not what the run of "));
    }
    SECTION("a text that the user names is none of the run's") {
      fs::path other = runs.data.folder / "other.bin";
      write_ids(other, 900, 400);
      options.overrides = {"data.validation=" + other.string()};
      CHECK_NOTHROW(Candidate(runs.folder, options, registry(), Device::kCpu));
    }
  }
  SECTION("another tokenizer at the same place is refused by name") {
    record_other(runs.folder, &DataRecord::tokenizer);
    CHECK_THROWS_WITH(Candidate(runs.folder, options, registry(), Device::kCpu),
                      Contains("identity_bpe.model: not what the run of "));
  }
}

TEST_CASE("weights are calibrated again only on the text that the run trained on", "[run]") {
  Runs runs;
  runs.go();
  StatusLine status(true);
  fs::path file = runs.data.folder / "again.bin";
  CHECK_NOTHROW(export_again(runs.folder, kCalibrated, file, Device::kCpu, status));
  record_other(runs.folder, &DataRecord::train);
  CHECK_NOTHROW(export_again(runs.folder, {}, file, Device::kCpu, status));
  CHECK_THROWS_WITH(export_again(runs.folder, kCalibrated, file, Device::kCpu, status),
                    Contains("train.bin: not what the run of "));
}

TEST_CASE("an artifact outside of its run's folder still knows what the run read", "[run]") {
  Runs runs;
  runs.go();
  StatusLine status(true);
  fs::path file = runs.data.folder / "again.bin", settings = runs.data.folder / "again.toml";
  DataRecord read = read_run_record(runs.folder).value().data;
  export_again(runs.folder, {}, file, Device::kCpu, status);
  CHECK(recorded_data(settings).train == read.train);
  CHECK(recorded_data(settings).validation == read.validation);
  CHECK(recorded_data(settings).tokenizer == read.tokenizer);
  CHECK_NOTHROW(Candidate(file, {}, registry(), Device::kCpu));
  std::string text = read_file(settings);
  text.replace(text.find(read.validation), 4, "0000");
  write_file(settings, text);
  CHECK_THROWS_WITH(Candidate(file, {}, registry(), Device::kCpu),
                    Contains("validation.bin: not what the run of ") && Contains("again.toml read"));
  std::vector<std::string> elsewhere = {"data.validation=elsewhere.bin"};
  export_again(runs.folder, elsewhere, file, Device::kCpu, status);
  CHECK(recorded_data(settings).validation.empty());
  CHECK(recorded_data(settings).train == read.train);
}

TEST_CASE("the program refuses to score a run on a shard with another token, manifest or not", "[run]") {
  for (bool manifest : {true, false}) {
    fs::path data = laboratory().folder(manifest ? "told" : "untold"), run = data / "run";
    fs::copy(laboratory().data(), data);
    if (!manifest) fs::remove(data / "manifest.json");
    std::string places;
    for (const char* setting :
         {"train='{}/train_*.bin'", "validation='{}/val_*.bin'", "tokenizer='{}/tokenizer.model'"})
      places += fmt::format(" -S data.{}", fmt::format(fmt::runtime(setting), data.string()));
    Outcome made = shell(fmt::format("run {} --output {} -S budget.steps=2{}",
                                     laboratory().experiment().string(), run.string(), places));
    INFO(made.output);
    REQUIRE(made.code == 0);
    CHECK(shell("eval " + run.string()).code == 0);
    flip_last_token(data / "val_000000.bin");
    Outcome refused = shell("eval " + run.string());
    INFO(refused.output);
    CHECK(refused.code == kUsage);
    CHECK_THAT(refused.output, manifest ? Contains("val_000000.bin: not the shard that the manifest.json")
                                        : Contains("val_*.bin: not what the run of "));
    CHECK_THAT(refused.output, !Contains("headline"));
  }
}
