// SPDX-License-Identifier: Apache-2.0
// Which runs a condition finds, and what is said of names that no run knows.
#include "report/find_runs.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>

#include "base/files.h"
#include "results/fingerprint.h"
#include "results/summary.h"
#include "support/temporary_folder.h"
#include "sweep/run_state.h"

using namespace caddie;
using Catch::Contains;
using Catch::StartsWith;
namespace fs = std::filesystem;

namespace {

/// Three runs: one done with a technique, one done without it, and one that was begun and is lost.
struct Runs {
  TemporaryFolder folder;

  Runs() {
    add("hashed", "dim = 384\n[techniques.hash]\nenabled = true\nbuckets = 16\n", 1.25);
    add("plain", "dim = 512\n", 1.5);
    add("killed", "dim = 512\n", 0);
  }

  void add(const std::string& name, const std::string& settings, double bpb) const {
    fs::path run = folder.path() / name;
    write_file(run / "resolved.toml", "seed = 1\n[model]\n" + settings);
    write_file(run / "run.json", R"({"key": "abc", "machine": {"host": "box"}})");
    write_file(run / "lock", "");
    if (bpb > 0)
      write_file(run / "summary.json", R"({"status": "done", "val_bpb": )" + std::to_string(bpb) + "}");
  }

  /// Names of the folders that a query finds, in its order.
  std::string find(const std::string& where, const std::string& sort = "") const {
    std::string names;
    for (const RunValues& run : find_runs({folder.path(), where, sort}))
      names += fs::path(std::get<std::string>(run.at("folder"))).filename().string() + " ";
    return names;
  }
};

}  // namespace

TEST_CASE("runs are found by settings, techniques, results and status", "[ls]") {
  Runs runs;
  CHECK(runs.find("") == "hashed killed plain ");
  CHECK(runs.find("model.dim == 512") == "killed plain ");
  CHECK(runs.find("hash") == "hashed ");
  CHECK(runs.find("techniques.hash.buckets == 16") == "hashed ");
  CHECK(runs.find("val_bpb > 1.3 and machine.host == 'box'") == "plain ");
  CHECK(runs.find("status == 'lost'") == "killed ");
  CHECK(runs.find("status == 'done' and not hash") == "plain ");
}

TEST_CASE("a run whose run.json tells of no run is lost, with the file and the reason", "[ls]") {
  Runs runs;
  fs::path record = runs.folder.path() / "plain/run.json";
  write_file(record, R"({"status": 5})");
  CHECK(runs.find("status == 'lost'") == "killed plain ");
  for (const RunValues& run : find_runs({runs.folder.path(), "fail_reason != ''"}))
    if (std::get<std::string>(run.at("folder")).ends_with("plain"))
      CHECK_THAT(std::get<std::string>(run.at("fail_reason")),
                 Catch::Contains(record.string() + ": damaged: not the record of a run"));
}

TEST_CASE("a run without run.json is listed, a copy of an artifact and its settings is not", "[ls]") {
  Runs runs;
  fs::remove(runs.folder.path() / "killed/run.json");
  write_file(runs.folder.path() / "copy/resolved.toml", "seed = 1\n");
  CHECK(runs.find("") == "hashed killed plain ");
  CHECK(runs.find("status == 'lost'") == "killed ");
}

TEST_CASE("a run that is lost says so, whether one of its files is damaged or missing", "[ls]") {
  Runs runs;
  std::vector<RunValues> found = find_runs({runs.folder.path(), "status == 'lost'", ""});
  REQUIRE(found.size() == 1);
  CHECK(std::get<std::string>(found[0].at("fail_reason")) == kNoSummary);
}

TEST_CASE("a number that is not known hides no run", "[ls]") {
  Runs runs;
  write_file(runs.folder.path() / "plain/summary.json",
             R"({"status": "done", "val_bpb": 1.5, "scores": {"standard": {"tokens": 1, "bytes": 1,
                "windows": 1, "seconds": 0, "val_bpb": null}}})");
  CHECK(runs.find("") == "hashed killed plain ");
  CHECK(runs.find("val_bpb == 1.5") == "plain ");
}

TEST_CASE("a damaged run is lost and says why, beside the others", "[ls]") {
  Runs runs;
  write_file(runs.folder / "plain/summary.json", "{\"status\": \"do");
  CHECK(runs.find("status == 'lost'") == "killed plain ");
  CHECK(runs.find("status == 'done'") == "hashed ");
  std::vector<RunValues> found = find_runs({runs.folder.path(), "status == 'lost'", ""});
  CHECK_THAT(std::get<std::string>(found.at(1).at("fail_reason")), Contains("plain/summary.json: damaged"));
}

TEST_CASE("a run whose settings are gone or changed is lost and names them", "[ls]") {
  Runs runs;
  fs::path plain = runs.folder / "plain", settings = plain / "resolved.toml";
  RunSummary summary;
  summary.status = "done";
  summary.files = hashes_of(plain, std::vector<std::string>{"resolved.toml"});
  write_summary(plain, summary);
  CHECK(runs.find("status == 'lost'") == "killed ");
  fs::remove(settings);
  std::vector<RunValues> found = find_runs({runs.folder.path(), "status == 'lost'", ""});
  CHECK_THAT(std::get<std::string>(found.at(1).at("fail_reason")),
             StartsWith(settings.string() + " is missing"));
  write_file(settings, "seed = 2\n");
  CHECK(runs.find("status == 'lost'") == "killed plain ");
}

TEST_CASE("runs are sorted by a value, those without it last", "[ls]") {
  Runs runs;
  CHECK(runs.find("", "val_bpb") == "hashed plain killed ");
  CHECK(runs.find("", "status") == "hashed plain killed ");
}

TEST_CASE("a name that no run has is an error, but not one that a run will have", "[ls]") {
  Runs runs;
  CHECK_THROWS_WITH(runs.find("vla_bpb < 1"),
                    StartsWith("--where: ") && Contains("'vla_bpb'; did you mean 'val_bpb'"));
  CHECK_THROWS_WITH(runs.find("hsah"), Contains("did you mean 'hash'"));
  CHECK_THROWS_WITH(runs.find("zzzzzzzz == 1"), Contains("caddie ls --json shows"));
  CHECK_THROWS_WITH(runs.find("", "vall"), StartsWith("--sort: "));
  CHECK(runs.find("val_loss_nats < 1").empty());
  CHECK(runs.find("fail_reason == 'out of memory'").empty());
  CHECK_THROWS_WITH(find_runs({runs.folder.path() / "nowhere"}), Contains("there is no such folder"));
}
