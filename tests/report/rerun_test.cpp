// SPDX-License-Identifier: Apache-2.0
// Which runs can be made again, and what counts as the same bits.
#include "report/rerun.h"

#include <catch2/catch.hpp>

#include "base/exit_code.h"
#include "run/untrained_run.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

/// Two folders with the same finished run.
struct Twins {
  UntrainedRun made;
  fs::path one = made.run, other = made.folder.path() / "again";

  Twins() {
    finish(1.25, 3.5);
    fs::copy(one, other);
  }
  void finish(double bpb, double seconds) const {
    RunSummary summary;
    summary.status = "done";
    summary.bpb = bpb;
    summary.train_seconds = seconds;
    write_summary(one, summary);
  }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("two runs are the same when weights, artifact and all results but times are", "[report]") {
  Twins twins;
  CHECK(compare_bits(twins.one, twins.other).is_same());
  twins.finish(1.25, 99);
  CHECK(compare_bits(twins.one, twins.other).is_same());
  twins.finish(1.2500001, 3.5);
  CHECK(compare_bits(twins.one, twins.other).differing == Names{"results"});
}

TEST_CASE("files with other bits are named", "[report]") {
  Twins twins;
  std::string bytes = read_file(twins.one / "artifact.bin");
  bytes.back() ^= 1;
  write_file(twins.one / "artifact.bin", bytes);
  CHECK(compare_bits(twins.one, twins.other).differing == Names{"artifact.bin"});
}

TEST_CASE("only a finished run of one process can be made again", "[report]") {
  Twins twins;
  CHECK_NOTHROW(check_can_rerun(twins.one));
  CHECK_THROWS_WITH(check_can_rerun(twins.made.folder.path()), Catch::Contains("holds no finished run"));
  write_file(twins.one / "run.json", R"({"key": "abc", "machine": {"ranks": 2}})");
  CHECK_THROWS_WITH(check_can_rerun(twins.one),
                    Catch::Contains("2 ranks made it") && Catch::Contains("--ranks 2"));
  try {
    check_can_rerun(twins.one);
    FAIL("a run of two ranks was accepted");
  } catch (const Error& error) {
    CHECK(error.code() == kUsage);
  }
}

TEST_CASE("a run whose files were changed is neither compared nor made again", "[report]") {
  Twins twins;
  RunSummary summary = read_summary(twins.one);
  std::vector<std::string> names = {"resolved.toml", "metrics.csv", "weights.safetensors", "artifact.bin"};
  write_file(twins.one / "metrics.csv", "step,tokens,time_s,name,value\n");
  summary.files = hashes_of(twins.one, names);
  write_summary(twins.one, summary);
  CHECK_NOTHROW(check_can_rerun(twins.one));
  CHECK_NOTHROW(compare_runs(twins.one, twins.other));
  for (const std::string& name : names) {
    std::string whole = read_file(twins.one / name), refusal = name + " was changed after it was written";
    write_file(twins.one / name, whole + "#");
    CHECK_THROWS_WITH(check_can_rerun(twins.one), Catch::Contains(refusal));
    if (name != "artifact.bin") {
      CHECK_THROWS_WITH(compare_runs(twins.one, twins.other), Catch::Contains(refusal));
      CHECK_THROWS_WITH(compare_runs(twins.other, twins.one), Catch::Contains(refusal));
    }
    write_file(twins.one / name, whole);
  }
}
