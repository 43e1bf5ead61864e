// SPDX-License-Identifier: Apache-2.0
// caddie verify as a user calls it: on a submission's folder, on logs, on an import, on a sweep.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "support/fixture_logs.h"
#include "support/laboratory.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

std::string with(std::string text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// The folder of a submission, made of three logs, and that of a record which is worse.
struct Submission {
  TemporaryFolder folder;
  fs::path mine = folder / "mine", record = folder / "record";

  Submission() {
    const char* own[] = {"val_loss:2.79466999 val_bpb:1.08190417", "val_loss:2.79683202 val_bpb:1.08274116",
                         "val_loss:2.79364979 val_bpb:1.08150922"};
    const char* worse[] = {"val_loss:2.8121 val_bpb:1.08865187", "val_loss:2.8133 val_bpb:1.08911643",
                           "val_loss:2.8117 val_bpb:1.08849702"};
    for (int i = 0; i < 3; ++i) {
      std::string log = fmt::format("train_seed{}.log", i + 1), text = log_text("learned/" + log);
      folder.write("mine/" + log, text);
      folder.write("record/" + log, with(text, own[i], worse[i]));
    }
    folder.write("mine/README.md", "A model.\n");
    folder.write("mine/train_gpt.py", std::string(21000, '#'));
    folder.write(
        "mine/submission.json",
        R"({"author": "A", "github_id": "a", "name": "n", "val_bpb": 1.08205, "bytes_total": 15921003})");
  }
  /// What verify says of it against the record.
  Outcome verify(const std::string& more = "") const {
    return shell("verify " + in_shell_quotes(mine) + " --against " + in_shell_quotes(record) + " " + more);
  }
};

/// The verdict of each check in the JSON of a checklist.
std::map<std::string, std::string> verdicts(const Outcome& outcome) {
  Json json = json_in(outcome);
  std::map<std::string, std::string> verdicts;
  for (const Json& check : json["checks"]) verdicts[check["check"]] = check["verdict"];
  return verdicts;
}

}  // namespace

TEST_CASE("a sound submission meets all that a log can show", "[submission]") {
  Submission submission;
  Outcome outcome = submission.verify();
  INFO(outcome.output);
  CHECK(outcome.code == 0);
  // scipy.stats.ttest_ind(own + 0.005, record, equal_var=False, alternative="less") gives
  // 0.000692184952941887.
  CHECK_THAT(outcome.output, Contains("rules: parameter_golf_2026") && Contains("train_seed3.log:61") &&
                                 Contains("by more than 0.00500 nats per token") &&
                                 Contains("p = 0.000692") && Contains("0 not met, 3 not shown"));
  std::map<std::string, std::string> found =
      verdicts(submission.verify("--rules parameter_golf_2026 --json"));
  for (const char* check : {"score_first", "single_pass", "overlap"}) CHECK(found[check] == "not shown");
  CHECK((found.size() == 17 && found["significance"] == "met" && found["claims"] == "met"));
  CHECK(submission.verify("--strict").code == 3);
  Json test = json_in(submission.verify("--json"))["significance"];
  CHECK(test["p"].get<double>() == Approx(0.000692184952941887).epsilon(1e-9));
  CHECK(test["p_without_margin"].get<double>() == Approx(0.0002537260416846112).epsilon(1e-9));
}

TEST_CASE("each broken rule ends with 3, and its line says what is wrong and where", "[submission]") {
  Submission submission;
  fs::path log = submission.mine / "train_seed2.log";
  std::string text = read_file(log);
  const std::map<std::string, std::pair<std::string, std::string>> faults = {
      {"bytes", {"quantized+brotli: 15921002 bytes", "quantized+brotli: 16000001 bytes"}},
      {"train_time", {"train_time: 51020ms", "train_time: 651020ms"}},
      {"eval_time", {"eval_time:280700ms", "eval_time:680700ms"}},
      {"hardware", {"world_size: 8", "world_size: 4"}},
      {"seeds", {"seed: 2", "seed: 1"}},
      {"same_settings", {"matrix_lr: 0.03", "matrix_lr: 0.04"}},
      {"coverage", {"val_tokens: 40540160", "val_tokens: 30540160"}},
      {"bytes_per_token", {"val_bpb:1.08274116", "val_bpb:0.91991602"}},
      {"same_data", {"fineweb_8192_bpe.model", "fineweb_4096_bpe.model"}},
      {"claims", {"val_loss:2.79683202 val_bpb:1.08274116", "val_loss:2.80296017 val_bpb:1.08511356"}}};
  for (const auto& [check, change] : faults) {
    write_file(log, with(text, change.first, change.second));
    Outcome outcome = submission.verify("--json");
    INFO(check << ": " << outcome.output);
    CHECK(outcome.code == 3);
    CHECK(verdicts(outcome)[check] == "not met");
    CHECK_THAT(outcome.output, Contains("train_seed2.log") && Contains("not met"));
  }
}

TEST_CASE("text of the validation set in the training shards is found", "[submission]") {
  Submission submission;
  Laboratory& lab = laboratory();
  fs::path leaky = submission.folder / "leaky";
  fs::create_directories(leaky);
  for (const auto& entry : fs::directory_iterator(lab.data()))
    if (entry.path().extension() == ".bin") fs::copy_file(entry.path(), leaky / entry.path().filename());
  CHECK(verdicts(submission.verify("--json --data " + in_shell_quotes(lab.data())))["overlap"] == "met");
  fs::copy_file(leaky / "val_000000.bin", leaky / "train_999999.bin");
  Outcome outcome = submission.verify("--json --data " + in_shell_quotes(leaky));
  CHECK(outcome.code == 3);
  CHECK(verdicts(outcome)["overlap"] == "not met");
  CHECK_THAT(outcome.output, Contains("(100 %)"));
}

TEST_CASE("logs of a speed run are held to its rules, which are told", "[submission]") {
  Outcome outcome = shell("verify " + in_shell_quotes(fixture_logs() / "speedrun"));
  INFO(outcome.output);
  // scipy.stats.ttest_1samp(losses, 3.28, alternative="less") gives 0.02259567529864735
  CHECK_THAT(outcome.output,
             Contains("no --rules: those of modded_nanogpt are taken") && Contains("p = 0.0226"));
  CHECK(outcome.code == 3);
}

TEST_CASE("an imported folder is verified arm by arm", "[submission]") {
  TemporaryFolder folder;
  std::string sweep = in_shell_quotes(folder / "rates");
  REQUIRE(shell("import " + in_shell_quotes(fixture_logs() / "rates") + " --into " + sweep).code == 0);
  Outcome several = shell("verify " + sweep);
  CHECK(several.code == 2);
  CHECK_THAT(several.output, Contains("has 2 arms; name one with --arm, of: "));
  Outcome one = shell("verify " + sweep + " --arm matrix_lr=0.04 --against '" + (folder / "rates").string() +
                      ":matrix_lr=0.02' --rules parameter_golf_2026_leaderboard --json");
  std::map<std::string, std::string> found = verdicts(one);
  CHECK((found["significance"] == "met" && found["seeds"] == "met" && found["files"] == "not shown"));
  // The same logs as a plain folder: its runs differ in a setting unless an arm is named.
  CHECK(verdicts(shell("verify " + in_shell_quotes(fixture_logs() / "rates") + " --json"))["same_settings"] ==
        "not met");
  Outcome arm = shell("verify " + in_shell_quotes(fixture_logs() / "rates") + " --arm matrix_lr=0.04 --json");
  CHECK(verdicts(arm)["same_settings"] == "met");
  CHECK(shell("verify " + in_shell_quotes(fixture_logs() / "rates") + " --arm matrix_lr=1").code == 2);
}

TEST_CASE("a sweep of Caddie's own proves its evaluation, coverage and data", "[submission]") {
  Laboratory& lab = laboratory();
  fs::path file = lab.folder("verified.toml"), folder = lab.folder("verified");
  write_file(file,
             fmt::format("base = \"{}\"\nname = \"verified\"\nseeds = [1, 2]\n[[axis]]\n"
                         "key = \"budget.steps\"\nvalues = [2, 3]\n[design.baseline]\n\"budget.steps\" = 2\n",
                         lab.experiment().string()));
  Outcome swept = shell("sweep " + file.string() + " --output " + folder.string());
  INFO(swept.output);
  REQUIRE(swept.code == 0);
  Outcome outcome = shell("verify " + folder.string() + " --arm baseline --json");
  std::map<std::string, std::string> found = verdicts(outcome);
  INFO(outcome.output);
  CHECK(found["bytes"] == "not shown");  // The quick start counts no bytes of code.
  for (const char* check : {"train_time", "eval_time", "same_settings", "coverage", "bytes_per_token",
                            "score_first", "single_pass", "same_data", "overlap"})
    CHECK(found[check] == "met");
  CHECK_THAT(outcome.output,
             Contains("those that the runs read, by their hashes") && Contains("made on a CPU"));
  CHECK((found["hardware"] == "not met" && found["seeds"] == "not met" && outcome.code == 3));
}

TEST_CASE("a rerun counts only where the seed has no finished run", "[submission]") {
  Submission submission;
  submission.folder.write("mine/rerun_seed2.log", log_text("learned/train_seed2.log") + "late remark: 1\n");
  CHECK_THAT(submission.verify().output, Contains("rerun_seed2.log: by its name a rerun of seed 2"));
  std::string text = log_text("learned/train_seed2.log");
  write_file(submission.mine / "train_seed2.log", text.substr(0, text.find("stopping_early")));
  Outcome outcome = submission.verify("--json");
  CHECK((outcome.code == 0 && verdicts(outcome)["seeds"] == "met"));
  CHECK_THAT(outcome.output, Contains("train_seed2.log: it ends at step"));
}

TEST_CASE("logs may lie in folders of their seeds, and results by seed are held against them",
          "[submission]") {
  TemporaryFolder folder;
  for (const char* seed : {"1", "2", "3"})
    folder.write(fmt::format("mine/runs/seed_{0}/train.log", seed),
                 log_text(fmt::format("learned/train_seed{}.log", seed)));
  folder.write(
      "mine/submission.json",
      R"({"seeds": {"1": {"val_bpb": 1.08190417}, "2": {"val_bpb": 1.08274}, "3": {"val_bpb": 1.0701}}})");
  Outcome outcome = shell("verify " + in_shell_quotes(folder / "mine") + " --json");
  std::map<std::string, std::string> found = verdicts(outcome);
  CHECK((found["seeds"] == "met" && found["bytes"] == "met" && found["claims"] == "not met"));
  CHECK_THAT(outcome.output, Contains("seed 3: 1.0701, its log has 1.0815092"));
}

TEST_CASE("what cannot be verified is refused in a sentence", "[submission]") {
  TemporaryFolder folder;
  folder.write("empty/README.md", "nothing");
  folder.write("both/a/x.log", log_text("rates/fast_seed11.log"));
  folder.write("both/b/y.log", log_text("rates/fast_seed22.log"));
  const std::map<std::string, std::string> wrongs = {
      {in_shell_quotes(folder / "empty"), "holds no log"},
      {in_shell_quotes(folder / "both"), "holds runs in 2 folders"},
      {in_shell_quotes(folder / "both/a/x.log"), "name the folder of a submission"},
      {in_shell_quotes(fixture_logs() / "rates") + " --rules parameter_golf", "did you mean"},
      {in_shell_quotes(fixture_logs() / "rates") + " --data " + in_shell_quotes(folder / "both"),
       "holds no *train_*.bin"},
      {in_shell_quotes(fixture_logs() / "rates") + " --against nowhere", "nowhere"},
      {"nowhere", "nowhere"}};
  for (const auto& [wrong, said] : wrongs) {
    Outcome outcome = shell("verify " + wrong);
    INFO(wrong << ": " << outcome.output);
    CHECK(outcome.code == 2);
    CHECK_THAT(outcome.output, Contains(said));
  }
}
