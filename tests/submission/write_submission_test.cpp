// SPDX-License-Identifier: Apache-2.0
// caddie export --submission as a user calls it: a tiny sweep goes out and comes back through caddie import.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "submission/write_submission.h"
#include "support/fixture_logs.h"
#include "support/laboratory.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// Reads what `caddie import` makes of a path, as JSON.
Json imported(const fs::path& what, const fs::path& into) {
  Outcome outcome = shell("import " + in_shell_quotes(what) + " --json --into " + in_shell_quotes(into));
  INFO(outcome.output);
  REQUIRE(outcome.code == 0);
  return Json::parse(outcome.output);
}

/// Checks that an import has the scores of a sweep's runs called `prefix` and their seed, seed by seed.
void check_scores(const Json& json, const fs::path& runs, const std::string& prefix, size_t count) {
  REQUIRE(json["runs"].size() == count);
  for (const Json& run : json["runs"]) {
    std::string seed = std::to_string(run["seed"].get<int64_t>());
    Json was = Json::parse(read_file(runs / (prefix + seed) / "summary.json"));
    for (const char* name : {"val_bpb", "val_loss_nats", "artifact_bytes", "bytes_model", "bytes_code"}) {
      INFO(name << " of seed " << seed);
      CHECK(run["summary"][name] == was[name]);
    }
    CHECK(run["line_counts"]["unknown"] == 0);
  }
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : entries_of(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

TEST_CASE("an arm of a sweep goes out as a submission, and comes back with the same numbers",
          "[submission]") {
  fs::path sweep = laboratory().folder("handed_in"), file = laboratory().folder("handed_in.toml");
  write_file(file, "base = \"tiny.toml\"\nseeds = [1, 2]\n");
  Outcome made =
      shell(fmt::format("sweep {} --output {} -q -j 2", in_shell_quotes(file), in_shell_quotes(sweep)));
  INFO(made.output);
  REQUIRE(made.code == 0);
  TemporaryFolder folder;
  fs::path out = folder / "out";
  std::string call =
      "export " + in_shell_quotes(sweep) + " --arm baseline --submission " + in_shell_quotes(out);
  Outcome written = shell(call + " --author Me");
  INFO(written.output);
  REQUIRE(written.code == 0);
  CHECK_THAT(written.output, Contains("fill in github_id (--github), name (--name), blurb (--blurb)"));
  CHECK(names_in(out) == std::vector<std::string>{".caddie", "README.md", "artifact.bin", "experiment.toml",
                                                  "submission.json", "train_seed1.log", "train_seed2.log"});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"out"});

  Json json = Json::parse(read_file(out / "submission.json"));
  check_scores(imported(out, folder / "by_logs"), sweep / "runs", "baseline-s", 2);
  check_scores(imported(out / "submission.json", folder / "by_json"), sweep / "runs", "baseline-s", 2);
  double one = json["seed_results"]["1"]["val_bpb"], two = json["seed_results"]["2"]["val_bpb"];
  CHECK(json["val_bpb"].get<double>() == Approx((one + two) / 2).epsilon(1e-14));
  CHECK(json["val_bpb_std"].get<double>() == Approx(std::abs(one - two) / std::sqrt(2)).epsilon(1e-9));
  std::string chosen = std::to_string(json["artifact_seed"].get<int64_t>());
  CHECK(read_file(out / "artifact.bin") ==
        read_file(sweep / "runs" / ("baseline-s" + chosen) / "artifact.bin"));
  CHECK(shell("explain " + in_shell_quotes(out / "experiment.toml")).code == 0);

  // Its form is what the contest asks, and its claims are those of its logs.
  Json verified = json_in(shell("verify " + in_shell_quotes(out) + " --json"));
  for (const Json& check : verified["checks"])
    if (std::string name = check["check"]; name == "files" || name == "claims")
      CHECK(check["verdict"] == "met");
  CHECK_THAT(read_file(out / "README.md"), Contains("| 8 GPUs") && Contains("| not met | made on a CPU"));

  // It is written again over itself, and not when the artifact is gone.
  CHECK(shell(call).code == 0);
  fs::path artifact = sweep / "runs" / ("baseline-s" + chosen) / "artifact.bin";
  fs::remove(artifact);
  Outcome without = shell(call);
  CHECK(without.code == 2);
  std::string run = artifact.parent_path().string();
  std::string again = fmt::format("run {}/resolved.toml --output {} --fresh", run, run);
  CHECK_THAT(without.output, Contains("artifact.bin: there is no such file") && Contains("caddie " + again));
  CHECK(Json::parse(read_file(out / "submission.json"))["author"] == "");
  CHECK(shell(again).code == 0);
  CHECK(shell(call).code == 0);
}

TEST_CASE("an imported arm is handed in with its logs, and says that there is no artifact", "[submission]") {
  TemporaryFolder folder;
  imported(fixture_logs() / "rates", folder / "rates");
  fs::path out = folder / "out";
  std::string call = "export " + in_shell_quotes(folder / "rates") + " --submission " + in_shell_quotes(out);
  Outcome wrong = shell(call + " --arm matrix_lr=0.2");
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.output, Contains("did you mean 'matrix_lr=0.02'?"));
  fs::path code = folder.write("code/train_gpt.py", "pass\n");
  call += " --code " + in_shell_quotes(code);
  Outcome written = shell(call + " --arm matrix_lr=0.02 --name 'Slow rates'");
  INFO(written.output);
  REQUIRE(written.code == 0);
  CHECK_THAT(written.output, Contains("there is no artifact: the runs were imported"));
  CHECK(read_file(out / "train_gpt.py") == "pass\n");
  CHECK_THAT(read_file(out / "README.md"), Contains("- `train_gpt.py`: code, 5 bytes\n"));
  CHECK(shell(call + " --arm matrix_lr=0.02").code == 0);  // It may be written again with the same code.
  CHECK(shell(call + "x --arm matrix_lr=0.02").code == 2);
  REQUIRE(shell(call + " --arm matrix_lr=0.02 --name 'Slow rates'").code == 0);
  CHECK(read_file(out / "train_seed11.log") == log_text("rates/slow_seed11.log"));
  CHECK_THAT(read_file(out / "README.md"),
             Contains("# Slow rates\n") && Contains("p = .0048 by the sweep's test"));
  check_scores(imported(out, folder / "back"), folder / "rates/runs", "matrix_lr=0.02-s", 3);
  check_scores(imported(out / "submission.json", folder / "json"), folder / "rates/runs", "matrix_lr=0.02-s",
               3);
}

TEST_CASE("what a submission cannot be made of is refused, and nothing is left", "[submission]") {
  MadeUpSweep sweep({{1.2, 1.3}, {1.1, NAN}});
  sweep.plan.seeds = {0, 1};
  write_plan(sweep.plan, sweep.path);
  TemporaryFolder folder;
  fs::path out = folder / "out";
  auto call = [&](const std::string& more) {
    return shell("export " + in_shell_quotes(sweep.path) + " " + more);
  };
  Outcome open = call("--arm '+a, \"b\"' --submission " + in_shell_quotes(out));
  CHECK(open.code == 2);
  CHECK_THAT(open.output, Contains("of 2 seeds these are not done: 1 (planned)") &&
                              Contains("first: caddie sweep " + sweep.path.string()));
  Outcome no_arm = call("--submission " + in_shell_quotes(out));
  CHECK(no_arm.code == 2);
  CHECK_THAT(no_arm.output, Contains("--arm LABEL"));
  CHECK(call("--arm baseline").code == 2);
  CHECK(call("--arm baseline --submission " + in_shell_quotes(out) + " --weights x.safetensors").code == 2);
  CHECK(names_in(folder.path()).empty());

  folder.write("mine/notes.txt", "mine");
  Outcome foreign = call("--arm baseline --submission " + in_shell_quotes(folder / "mine"));
  CHECK(foreign.code == 2);
  CHECK_THAT(foreign.output, Contains("Caddie removes only folders that it made"));
  CHECK(names_in(folder / "mine") == std::vector<std::string>{"notes.txt"});
}

TEST_CASE("a folder of Caddie's with other files than a submission's is never replaced", "[submission]") {
  MadeUpSweep sweep({{1.2, 1.3}});
  sweep.plan.seeds = {0, 1};
  write_plan(sweep.plan, sweep.path);
  make_owned_folder(sweep.path / "own");
  write_file(sweep.path / "own/train_seed1.log", "a log");
  CHECK_NOTHROW(check_replaceable(sweep.path / "own"));
  write_file(sweep.path / "own/train_gpt.py", "pass");
  Outcome outcome = shell("export " + in_shell_quotes(sweep.path) + " --arm baseline --submission " +
                          in_shell_quotes(sweep.path / "own/"));
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.output, Contains("own/train_gpt.py: is none of the files of a submission"));
  CHECK(read_file(sweep.path / "own/train_gpt.py") == "pass");
  CHECK_THROWS_WITH(check_replaceable(sweep.path / "own/train_gpt.py"), Contains("is a file"));
}

TEST_CASE("a folder that is ready takes the place of one that Caddie made, whole", "[submission]") {
  TemporaryFolder folder;
  fs::path made = folder / "made", place = folder / "place";
  make_owned_folder(made);
  make_owned_folder(place);
  folder.write("made/new.txt", "new");
  folder.write("place/old.txt", "old");
  put_in_place(made, place);
  CHECK(names_in(place) == std::vector<std::string>{".caddie", "new.txt"});
  CHECK(names_in(folder.path()) == std::vector<std::string>{"place"});
  CHECK_THROWS_WITH(put_in_place(made, place), Contains("cannot be renamed"));
  CHECK(names_in(place) == std::vector<std::string>{".caddie", "new.txt"});
}
