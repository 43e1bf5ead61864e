// SPDX-License-Identifier: Apache-2.0
// Imported runs as a sweep: tables and tests read them as any other, copies count once, and what must not be
// pooled is refused.
#include "import/import.h"

#include <catch2/catch.hpp>

#include "base/files.h"
#include "report/compare_arms.h"
#include "report/compare_runs.h"
#include "report/find_runs.h"
#include "report/page.h"
#include "report/sweep_tables.h"
#include "results/run_folder.h"
#include "statistics/interval.h"
#include "support/fixture_logs.h"
#include "support/made_up_sweep.h"
#include "support/temporary_folder.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

ImportRequest request(std::vector<fs::path> files, const fs::path& into) {
  ImportRequest request;
  request.files = std::move(files);
  request.into = into;
  return request;
}

std::vector<std::string> kinds(const ImportResult& result) {
  std::vector<std::string> kinds;
  for (const ImportNote& note : result.sweep.notes) kinds.push_back(note.kind);
  return kinds;
}

}  // namespace

TEST_CASE("a folder of logs becomes a sweep that tables and tests read", "[import]") {
  TemporaryFolder folder;
  ImportRequest wanted = request({fixture_logs() / "rates"}, folder / "rates");
  wanted.baseline = "matrix_lr=0.02";
  ImportResult result = import_runs(wanted);
  CHECK(result.sweep.notes.empty());
  Plan plan = read_plan(folder / "rates");
  REQUIRE(plan.arms.size() == 2);
  CHECK(plan.baseline().label == "matrix_lr=0.02");
  CHECK(plan.arms[1].params.at("matrix_lr") == "0.04");
  Ablation ablation = analyze(plan, folder / "rates");
  const ArmRow& fast = ablation.arms[1];
  // scipy.stats.ttest_ind of the six scores of the files, two-sided with equal variances, and R's t.test with
  // var.equal, give p = 0.00482435349842 and the interval from -0.0059702311844 to -0.0020373821489.
  CHECK(fast.bpb.mean == Approx(1.1783089466666665).epsilon(1e-14));
  CHECK(fast.bpb.sd == Approx(0.000916149472211439).epsilon(1e-9));
  CHECK(fast.p_adjusted == Approx(0.00482435349842).epsilon(1e-9));
  CHECK(fast.shown.low == Approx(-0.0059702311844).epsilon(1e-9));
  CHECK(fast.shown.high == Approx(-0.0020373821489).epsilon(1e-9));
  CHECK(fast.significant);
}

TEST_CASE("tests of imported arms agree with scipy and R", "[import]") {
  TemporaryFolder folder;
  import_runs(request({fixture_logs() / "rates"}, folder / "rates"));
  import_runs(request({fixture_logs() / "speedrun"}, folder / "speedrun"));
  FinishedArm fast = finished_arm(folder / "rates", "matrix_lr=0.04", kBpb.name),
              slow = finished_arm(folder / "rates", "matrix_lr=0.02", kBpb.name);
  Hypothesis less = one_sided_hypothesis(Tail::less, 0, 0.01);
  // scipy.stats.ttest_ind(fast, slow, alternative="less"), and R's t.test with var.equal: p =
  // 0.002412176749210.
  CHECK(compare_arms(fast, slow, "pooled", less).p == Approx(0.002412176749210).epsilon(1e-9));
  // scipy.stats.ttest_1samp([3.2781, 3.2793, 3.2769, 3.2788], 3.28, alternative="less"), and R's t.test with
  // mu: t = -3.315928386192, p = 0.022595675298647.
  Comparison target =
      compare_with_number(finished_arm(folder / "speedrun", "speedrun", kLossNats.name), 3.28, less);
  CHECK(target.t == Approx(-3.315928386192).epsilon(1e-9));
  CHECK(target.p == Approx(0.022595675298647).epsilon(1e-9));
}

TEST_CASE("each stage's score has its column, and the run its bytes, times and settings", "[import]") {
  TemporaryFolder folder;
  ImportResult result = import_runs(request({fixture_logs() / "learned"}, folder / "learned"));
  REQUIRE(result.plan.runs.size() == 3);
  fs::path run = folder / "learned" / result.plan.runs[0].folder;
  RunSummary summary = read_summary(run);
  CHECK((summary.status == "done" && summary.bpb == 1.08190417 && summary.bpb_averaged == 1.08910221));
  CHECK((summary.bpb_quantized == 1.10060113 && summary.bpb_raw == 1.0901));
  CHECK((summary.steps == 620 && summary.tokens == int64_t(620) * 786432));
  CHECK((summary.artifact_bytes == 15921001 && summary.train_seconds == 51.02));
  CHECK(summary.evaluation_seconds == Approx(5.1 + 7.2 + 280.7));
  std::string table = runs_table(analyze(result.plan, folder / "learned")).csv();
  CHECK_THAT(table, Contains("val_bpb_roundtrip,val_bpb_ttt") && Contains("1.10060113,1.08190417"));
  CHECK_THAT(read_file(run / kSettingsFile),
             Contains("ema_decay = 0.99\n") && Contains("ttt_enabled = true\n"));
  CHECK_THAT(read_file(run / kMetricsFile), Contains("620,487587840,51.020,val_bpb,1.0901"));
  CHECK(read_file(run / kSourceTextFile) == log_text("learned/train_seed1.log"));
  ForeignRun kept = read_foreign_run(run);
  CHECK((kept.seed == 1 && kept.scores.size() == 4 && kept.validation_tokens == 40540160));
  CHECK(read_run_record(run)->machine.gpu == "NVIDIA H100 80GB HBM3");
}

TEST_CASE("ls, diff and the report read imported runs", "[import]") {
  TemporaryFolder folder;
  ImportResult result = import_runs(request({fixture_logs() / "rates"}, folder / "rates"));
  CHECK(find_runs({folder / "rates", "matrix_lr == 0.04 and val_bpb < 1.2", ""}).size() == 3);
  fs::path first = folder / "rates" / result.plan.runs[0].folder,
           other = folder / "rates" / result.plan.runs[3].folder;
  RunDifferences found = compare_runs(first, other);
  CHECK_THAT(found.settings, Catch::VectorContains(std::string("matrix_lr: 0.04 -> 0.02")));
  CHECK(found.stage == "evaluate");
  CHECK_THAT(report_page(analyze(result.plan, folder / "rates"), folder / "rates"),
             Contains("matrix_lr=0.04"));
}

TEST_CASE("compressed logs are read, and a damaged one is told while the others are imported", "[import]") {
  TemporaryFolder folder;
  std::string bytes = log_text("packed/slow_seed11.log.gz");
  folder.write("logs/a_seed11.log.gz", bytes);
  folder.write("logs/b.log.gz", bytes.substr(0, bytes.size() / 2));
  ImportResult result = import_runs(request({folder / "logs"}, folder / "out"));
  CHECK(result.plan.runs.size() == 1);
  REQUIRE(result.refused.size() == 1);
  CHECK_THAT(result.refused[0], Contains("b.log.gz"));
}

TEST_CASE("identical files count once, whatever their ends of lines", "[import]") {
  TemporaryFolder folder;
  std::string text = log_text("rates/slow_seed11.log"), other = text;
  for (size_t at = 0; (at = other.find('\n', at)) != std::string::npos; at += 2) other.replace(at, 1, "\r\n");
  folder.write("logs/train.log", text);
  folder.write("logs/train_seed11.log", other);
  folder.write("logs/train_seed22.log", log_text("rates/slow_seed22.log"));
  ImportResult result = import_runs(request({folder / "logs"}, folder / "out"));
  CHECK(kinds(result) == std::vector<std::string>{"identical_files"});
  CHECK(result.plan.runs.size() == 2);
  CHECK(finished_arm(folder / "out", "logs", kBpb.name).values.size() == 2);
  // The same command again finds the same, and changes nothing.
  ImportResult again = import_runs(request({folder / "logs"}, folder / "out"));
  CHECK(again.added.empty());
  CHECK(kinds(again) == kinds(result));
}

TEST_CASE("a seed that was run twice stays two rows, and no test pools the arm", "[import]") {
  TemporaryFolder folder;
  std::string text = log_text("rates/slow_seed11.log");
  folder.write("logs/a.log", text);
  for (size_t at = 0; (at = text.find("val_bpb:1.1821", at)) != std::string::npos; ++at) text[at + 13] = '3';
  folder.write("logs/b.log", text);
  folder.write("logs/c.log", log_text("rates/slow_seed22.log"));
  ImportResult result = import_runs(request({folder / "logs"}, folder / "out"));
  CHECK(result.plan.runs.size() == 3);
  CHECK_THROWS_WITH(finished_arm(folder / "out", "logs", kBpb.name),
                    Contains("not to be pooled") && Contains("seed 11 was run 2 times"));
  Ablation ablation = analyze(result.plan, folder / "out");
  CHECK(ablation.runs.size() == 3);
  ForeignRun kept = read_foreign_run(folder / "out" / result.plan.runs[0].folder);
  REQUIRE(kept.notes.size() == 1);
  CHECK((kept.notes[0].kind == "same_seed" && kept.notes[0].parts_runs));
  CHECK_THAT(runs_table(ablation).csv(), Contains("1.18231342") && Contains("1.18211342"));
  CHECK_THAT(render(ablation, "term"), Contains("not pooled") && Contains("seed 11 was run 2 times"));
}

TEST_CASE("settings that differ inside an arm that a user names are refused by the test", "[import]") {
  TemporaryFolder folder;
  ImportRequest wanted = request(
      {fixture_logs() / "rates/slow_seed11.log", fixture_logs() / "rates/fast_seed22.log"}, folder / "out");
  wanted.grouping.arm = "mine";
  CHECK(kinds(import_runs(wanted)) == std::vector<std::string>{"settings_differ"});
  CHECK_THROWS_WITH(finished_arm(folder / "out", "mine", kBpb.name), Contains("matrix_lr (0.02, 0.04)"));
}

TEST_CASE("a sweep without bits per byte is compared by its losses", "[import]") {
  TemporaryFolder folder;
  for (const char* name : {"a/run0.txt", "a/run1.txt", "b/run2.txt", "b/run3.txt"})
    folder.write(std::string("logs/") + name, log_text("speedrun/" + std::string(name).substr(2)));
  ImportResult result = import_runs(request({folder / "logs"}, folder / "out"));
  Ablation ablation = analyze(result.plan, folder / "out");
  CHECK((ablation.score == kLossNats.name && ablation.metric == kLossNats.name));
  // scipy.stats.ttest_ind([3.2769, 3.2788], [3.2781, 3.2793]) gives p = 0.5283233842, and R's t.test the
  // same.
  CHECK(ablation.arms[1].p_adjusted == Approx(0.5283233842).epsilon(1e-6));
  CHECK_THAT(render(ablation, "term"), Contains("val_loss_nats (lower is better)") && Contains("3.27870"));
}

TEST_CASE("the textbook's test of Welch is scipy's", "[import]") {
  TemporaryFolder folder;
  import_runs(request({fixture_logs() / "rates"}, folder / "rates"));
  FinishedArm fast = finished_arm(folder / "rates", "matrix_lr=0.04", kBpb.name),
              slow = finished_arm(folder / "rates", "matrix_lr=0.02", kBpb.name);
  // scipy.stats.ttest_ind(fast, slow, equal_var=False, alternative="less"), and R's t.test.
  Comparison c = compare_arms(fast, slow, "satterthwaite", one_sided_hypothesis(Tail::less, 0, 0.01));
  CHECK(c.t == Approx(-5.653077105992).epsilon(1e-9));
  CHECK(c.df == Approx(3.947351971936).epsilon(1e-9));
  CHECK(c.p == Approx(0.002509908838736).epsilon(1e-9));
}

TEST_CASE("an imported arm is tested against one of Caddie's own sweeps", "[import]") {
  TemporaryFolder folder;
  import_runs(request({fixture_logs() / "rates"}, folder / "rates"));
  MadeUpSweep own({{1.1851, 1.1863, 1.1847}, {1.2, 1.21, 1.22}});
  own.plan.seeds = {1, 2, 3};
  write_plan(own.plan, own.path);
  FinishedArm fast = finished_arm(folder / "rates", "matrix_lr=0.04", kBpb.name),
              baseline = finished_arm(own.path, "baseline", kBpb.name);
  Hypothesis less = one_sided_hypothesis(Tail::less, 0, 0.01);
  CHECK(compare_arms(fast, baseline, "auto", less).test == "welch");
  // scipy.stats.ttest_ind(fast, baseline, equal_var=False, alternative="less"), and R's t.test.
  CHECK(compare_arms(fast, baseline, "satterthwaite", less).p == Approx(0.000308623340473).epsilon(1e-9));
}

TEST_CASE("arms are added to a sweep of imported runs, one after the other", "[import]") {
  TemporaryFolder folder;
  for (const char* arm : {"slow", "fast"}) {
    ImportRequest wanted = request({}, folder / "out");
    for (const char* seed : {"11", "22"})
      wanted.files.push_back(fixture_logs() / "rates" / (std::string(arm) + "_seed" + seed + ".log"));
    wanted.grouping.arm = arm;
    import_runs(wanted);
  }
  ImportRequest more = request({fixture_logs() / "rates/slow_seed33.log"}, folder / "out");
  more.grouping.arm = "slow";
  ImportResult result = import_runs(more);
  CHECK(result.added.size() == 1);
  Plan plan = read_plan(folder / "out");
  REQUIRE(plan.arms.size() == 2);
  CHECK(plan.baseline().label == "slow");
  CHECK(finished_arm(folder / "out", "slow", kBpb.name).values.size() == 3);
  CHECK(finished_arm(folder / "out", "fast", kBpb.name).values.size() == 2);
}

TEST_CASE("runs that failed are rows without a score", "[import]") {
  TemporaryFolder folder;
  std::string text = log_text("rates/slow_seed11.log");
  folder.write("logs/a.log", text.substr(0, text.find("step:1200")));
  folder.write("logs/b.log", log_text("rates/slow_seed22.log"));
  ImportResult result = import_runs(request({folder / "logs"}, folder / "out"));
  Ablation ablation = analyze(result.plan, folder / "out");
  CHECK((ablation.arms[0].failed == 1 && ablation.arms[0].bpb.n == 1));
  CHECK_THAT(render(ablation, "term"), Contains("it ends at step 600 of 5000 without a final score"));
}

TEST_CASE("tables and submission files are imported, with arms as they say", "[import]") {
  TemporaryFolder folder;
  fs::path table = folder.write("t/runs.csv", "arm,seed,score\na,1,1.25\na,2,1.26\nb,1,1.20\nb,2,1.22\n");
  ImportRequest wanted = request({table}, folder / "out");
  wanted.columns = {"val_bpb=score"};
  import_runs(wanted);
  CHECK(finished_arm(folder / "out", "b", kBpb.name).values ==
        std::map<int64_t, double>{{1, 1.20}, {2, 1.22}});
  folder.write("s/submission.json", R"({"seed_results": {"3": {"val_bpb": 1.1}, "4": {"val_bpb": 1.2}}})");
  import_runs(request({folder / "s"}, folder / "other"));
  CHECK(finished_arm(folder / "other", "s", kBpb.name).values.size() == 2);
}

TEST_CASE("what needs weights or an experiment refuses imported runs", "[import]") {
  TemporaryFolder folder;
  ImportResult result = import_runs(request({fixture_logs() / "rates"}, folder / "rates"));
  CHECK_THROWS_WITH(check_not_imported(folder / "rates" / result.plan.runs[0].folder),
                    Contains("was imported from"));
  CHECK_THROWS_WITH(check_can_run(result.plan), Contains("were imported"));
}

TEST_CASE("nothing is imported over a sweep of Caddie's own, or from nothing", "[import]") {
  TemporaryFolder folder;
  ImportResult result = import_runs(request({fixture_logs() / "rates"}, folder / "rates"));
  result.plan.imported.reset();
  write_plan(result.plan, folder / "rates");
  CHECK_THROWS_WITH(import_runs(request({fixture_logs() / "learned"}, folder / "rates")),
                    Contains("Caddie's own"));
  folder.write("empty/README.txt", "no log\n");
  CHECK_THROWS_WITH(import_runs(request({folder / "empty"}, folder / "x")), Contains("holds no run"));
  CHECK_THROWS_WITH(import_runs(request({folder / "nowhere"}, folder / "x")),
                    Contains("no such file or folder"));
}
