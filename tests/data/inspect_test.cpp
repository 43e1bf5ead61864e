// SPDX-License-Identifier: Apache-2.0
// What is told of a folder of shards.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "data/inspect.h"
#include "data/prepare.h"
#include "data/shards.h"
#include "data/tokenizer.h"
#include "support/prepared_data.h"

using namespace caddie;
namespace fs = std::filesystem;

TEST_CASE("Inspect reports counts, entropy and what differs from the manifest", "[data]") {
  TemporaryFolder folder;
  PrepareOptions options = options_for(data_file("prose.txt.gz"), folder.path() / "out");
  PrepareResult result = prepare(options);
  FolderReport report = inspect(options.output);
  CHECK(report.problems.empty());
  CHECK(report.has_manifest);
  REQUIRE(report.splits.size() == 2);
  CHECK(report.splits[0].documents == result.train.documents);
  CHECK(report.splits[0].bytes == result.train.bytes);
  CHECK(report.splits[1].tokens == result.validation.tokens);
  CHECK(report.splits[0].sample.starts_with("This Psalm may be regarded as THE PREFACE PSALM"));
  CHECK(describe(report).find("all hashes agree") != std::string::npos);
  auto json = Json::parse(to_json(report));
  CHECK(json["splits"]["train"]["tokens"] == result.train.tokens);

  const std::vector<uint16_t> tokens = {1, 300};
  write_shard(options.output / "val_000000.bin", tokens);
  write_shard(options.output / "train_000077.bin", tokens);
  report = inspect(options.output);
  CHECK(report.problems == std::vector<std::string>{"train_000077.bin is not in the manifest",
                                                    "val_000000.bin has another hash"});
}

TEST_CASE("The entropy of single tokens is that of their shares", "[data]") {
  TemporaryFolder folder;
  Tokenizer tokenizer(small_tokenizer());
  std::vector<int32_t> ids;
  tokenizer.encode("e", ids);
  REQUIRE(ids.size() == 1);
  // One document of three times "e": shares 1/4 and 3/4, three bytes.
  const std::vector<uint16_t> tokens = {1, uint16_t(ids[0]), uint16_t(ids[0]), uint16_t(ids[0])};
  write_shard(folder.path() / "fineweb_train_000000.bin", tokens);
  FolderReport bare = inspect(folder.path());
  CHECK(bare.splits.at(0).documents == -1);
  double nats = -0.25 * std::log(0.25) - 0.75 * std::log(0.75);
  CHECK(bare.splits.at(0).entropy == Approx(nats).epsilon(1e-14));
  CHECK(Json::parse(to_json(bare))["splits"]["train"]["bytes"].is_null());
  SplitReport split = inspect(folder.path(), small_tokenizer()).splits.at(0);
  CHECK(split.documents == 1);
  CHECK(split.bytes == 3);
  CHECK(split.distinct_ids == 2);
  CHECK(split.sample == "eee");
  CHECK(split.bits_per_byte == Approx(nats * 4 / 3 / std::log(2.0)).epsilon(1e-14));
  TemporaryFolder empty;
  CHECK_THROWS_WITH(inspect(empty.path()), Catch::Contains("no shards"));
  CHECK_THROWS_WITH(inspect(empty.path() / "none"), Catch::Contains("no such folder"));
}

TEST_CASE("A manifest that is no JSON is refused in words of its own", "[data]") {
  TemporaryFolder folder;
  PrepareOptions options = options_for(data_file("prose.txt.gz"), folder.path() / "out");
  prepare(options);
  fs::path manifest = options.output / "manifest.json";
  std::string text = read_file(manifest);
  for (const std::string& damaged : {"{\"command\": \"\xFF\"}" + text, std::string("{}")}) {
    write_file(manifest, damaged);
    CHECK_THROWS_WITH(inspect(options.output), Catch::Contains("manifest.json: not a manifest of") &&
                                                   !Catch::Contains("json.exception"));
  }
  Json half = Json::parse(text);
  half["splits"]["train"].erase("tokens");
  write_file(manifest, half.dump());
  CHECK_THROWS_WITH(prepare(options),
                    Catch::Contains("manifest.json: damaged: ") && !Catch::Contains("json.exception"));
}
