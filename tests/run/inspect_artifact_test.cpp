// SPDX-License-Identifier: Apache-2.0
#include "run/inspect_artifact.h"

#include <catch2/catch.hpp>

#include "run/untrained_run.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("an artifact is told of with the limits of the experiment beside it", "[run]") {
  UntrainedRun made;
  StatusLine quiet(true);
  InspectRequest request;
  request.file = made.run / "artifact.bin";
  Inspection found = inspect_artifact(request, quiet);
  auto bytes = int64_t(made.own_bytes.size());
  CHECK(found.account.file_bytes == bytes);
  CHECK(found.account.measured);
  CHECK(found.compressor == "zlib");
  CHECK(found.layout == "shuffled bytes");
  CHECK(found.limit == Budget().artifact_bytes);
  CHECK(found.headroom() == Budget().artifact_bytes - Budget().code_bytes - bytes);
  CHECK(found.alternatives.empty());
  REQUIRE(found.account.by_technique.size() == 1);
  CHECK(found.account.by_technique[0].name == "model");
  CHECK(found.account.by_technique[0].parameters == found.account.all.parameters);
}

TEST_CASE("limits of the command line come before those of the experiment", "[run]") {
  UntrainedRun made;
  StatusLine quiet(true);
  InspectRequest request;
  request.file = made.run / "artifact.bin";
  request.limit = 1000;
  request.code_bytes = 200;
  request.fast = true;
  Inspection found = inspect_artifact(request, quiet);
  CHECK(found.headroom() == 800 - int64_t(made.own_bytes.size()));
  CHECK_FALSE(found.account.measured);
  CHECK(found.account.all.compressed_bytes == 0);
}

TEST_CASE("an artifact without an experiment is told of by name alone", "[run]") {
  UntrainedRun made;
  StatusLine quiet(true);
  InspectRequest request;
  request.file = made.folder.path() / "alone" / "x.bin";
  write_file(request.file, made.own_bytes);
  request.compare = true;
  Inspection found = inspect_artifact(request, quiet);
  CHECK(found.account.by_technique.empty());
  CHECK(found.limit == kArtifactLimit);
  CHECK(found.code_bytes == 0);
  CHECK(found.alternatives.size() == 3 * plugins_of(Kind::kCompressor).size());
}
