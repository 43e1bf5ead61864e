// SPDX-License-Identifier: Apache-2.0
// Whole logs: what a run says, what was read past, where another run begins, and what is missing when one
// ends early.
#include "import/read_log.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "base/files.h"
#include "support/fixture_logs.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

std::vector<ForeignRun> read(const std::string& text, const std::string& name = "train.log") {
  ForeignSource source;
  source.file = name;
  source.format = "log";
  return read_log(text, source);
}

ForeignRun only(const std::string& text) {
  std::vector<ForeignRun> runs = read(text);
  REQUIRE(runs.size() == 1);
  return runs[0];
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string with_prefix(const std::string& text, const std::string& prefix) {
  return prefix + replaced(text.substr(0, text.size() - 1), "\n", "\n" + prefix) + "\n";
}

/// What must be the same however the lines are dressed.
void check_plain(const ForeignRun& run) {
  CHECK(run.seed == 11);
  CHECK(run.training.steps == 1200);
  CHECK(run.last_score()->bpb == 1.18211342);
  CHECK(run.artifact_bytes == 15250012);
  CHECK(run.counts.unknown == 0);
}

}  // namespace

TEST_CASE("a log with fields line by line is read whole", "[import]") {
  ForeignRun run = only(log_text("rates/slow_seed11.log"));
  check_plain(run);
  CHECK(run.setting("matrix_lr") == "0.02");
  CHECK(run.validation_tokens == 62021632);
  CHECK(run.train_shards == 12);
  CHECK(run.parameters == 18000123);
  CHECK((run.training.seconds == 60.013 && run.training.planned_steps == 5000));
  CHECK(run.training.stopped_by == "wallclock_cap");
  CHECK(run.training.raw_bpb == 1.2051);
  // Lines count from 1, as editors show them.
  CHECK((run.line_of("seed") == 10 && run.line_of("train_seconds") == 17));
  CHECK((run.line_of("artifact_bytes") == 23 && run.line_of("world_size") == 5 && run.line_of("gpu") == 0));
  CHECK((run.model_bytes == 15200011 && run.code_bytes == 50001));
  CHECK(run.peak_memory_bytes == int64_t(9100) << 20);
  REQUIRE(run.scores.size() == 4);
  // The printing with eight decimals stands for both, with the time that the other tells.
  CHECK(run.scores[0].stage.empty());
  CHECK((run.scores[1].stage == "roundtrip" && run.scores[1].seconds == 1.5));
  CHECK((run.scores[3].stage == "sliding" && run.scores[3].seconds == 61.0));
  CHECK(run.problem().empty());
}

TEST_CASE("a log that begins with the script's source is read past it", "[import]") {
  ForeignRun run = only(log_text("learned/train_seed1.log"));
  CHECK(run.counts.source == 12);
  CHECK(run.counts.unknown == 0);
  CHECK(run.seed == 1);
  CHECK(run.training.steps == 620);  // The docstring of the source holds a line of a step.
  CHECK(run.last_score()->bpb == 1.08190417);
  CHECK(run.last_score()->stage == "ttt");
  CHECK((run.code_bytes == 21000 && run.artifact_bytes == 15921001));
  CHECK(run.scored_tokens == int64_t(633409) * 64);
  CHECK(run.setting("repeat_layers").empty());
  REQUIRE(run.environment.size() == 3);
  CHECK(run.environment[2].second == "NVIDIA H100 80GB HBM3");
  CHECK((run.devices == 1 && run.line_of("gpu") == 18 && run.line_of("devices") == 18));
  std::vector<std::string> stages;
  for (const ForeignScore& score : run.scores) stages.push_back(score.stage);
  CHECK(stages == std::vector<std::string>{"averaged", "roundtrip", "", "ttt"});
}

TEST_CASE("modded-nanogpt's logs score the last loss, without bits per byte", "[import]") {
  ForeignRun run = only(log_text("speedrun/run0.txt"));
  REQUIRE(run.last_score());
  CHECK((run.last_score()->loss == 3.2781 && !run.last_score()->bpb));
  CHECK_FALSE(run.seed);
  CHECK(run.counts.unknown == 0);
}

TEST_CASE("ends of lines, prefixes and bars of progress change nothing that is read", "[import]") {
  std::string text = log_text("rates/slow_seed11.log");
  check_plain(only(replaced(text, "\n", "\r\n")));
  check_plain(only(with_prefix(text, "[rank0]: ")));
  check_plain(only(with_prefix(text, "2026-04-01 12:00:00,123 - INFO - ")));
  check_plain(only(with_prefix(text, "0: ")));
  check_plain(only(with_prefix(text, "  7%|#   | 7/99 [00:01<00:09]\r")));
  check_plain(only(with_prefix(text, "\x1b[2K")));
  ForeignRun block = only(with_prefix(log_text("learned/train_seed1.log"), "[rank0]: "));
  CHECK((block.setting("ema_decay") == "0.99" && block.last_score()->bpb == 1.08190417));
}

TEST_CASE("two runs in one file are two runs, each with its own settings", "[import]") {
  for (const char* folder : {"rates/slow_seed11.log", "learned/train_seed1.log"}) {
    std::string first = log_text(folder),
                second = log_text(replaced(replaced(folder, "11", "22"), "seed1", "seed2"));
    if (std::string(folder).starts_with("rates")) second = log_text("rates/fast_seed22.log");
    std::vector<ForeignRun> runs = read(first + second);
    INFO(folder);
    REQUIRE(runs.size() == 2);
    ForeignRun alone_first = only(first), alone_second = only(second);
    CHECK(runs[0].seed == alone_first.seed);
    CHECK(runs[1].seed == alone_second.seed);
    CHECK(runs[0].settings == alone_first.settings);
    CHECK(runs[1].settings == alone_second.settings);
    CHECK(runs[0].last_score()->bpb == alone_first.last_score()->bpb);
    CHECK(runs[1].last_score()->bpb == alone_second.last_score()->bpb);
    CHECK(runs[1].name() == "train.log#2");
    CHECK(runs[1].source.first_line > runs[0].source.last_line);
  }
}

TEST_CASE("processes that print side by side make one run", "[import]") {
  ForeignRun run = only(
      "[rank0]: step:0/9 val_loss:6.9 val_bpb:4.1\n[rank0]: step:1/9 train_loss:6.8\n"
      "[rank1]: step:0/9 val_loss:6.9 val_bpb:4.1\n[rank1]: step:1/9 train_loss:6.8\n"
      "[rank0]: step:9/9 val_loss:2.1 val_bpb:1.25\n[rank1]: step:9/9 val_loss:2.1 val_bpb:1.25\n");
  CHECK((run.training.steps == 9 && run.last_score()->bpb == 1.25));
}

TEST_CASE("a log that ends early has no score that counts, and says where it ended", "[import]") {
  std::string text = log_text("rates/slow_seed11.log");
  ForeignRun during = only(text.substr(0, text.find("step:1200")));
  CHECK_FALSE(during.last_score());
  CHECK(during.problem() == "it ends at step 600 of 5000 without a final score");
  // Sizes are printed before the score of what was written, so that a validation before them is none.
  ForeignRun between = only(text.substr(0, text.find("final_int8")));
  CHECK(between.problem() == "it ends at step 1200 of 5000 without a final score");
  ForeignRun cut = only(text.substr(0, text.find("step:1200") + 7));
  CHECK(cut.counts.unknown == 1);
  CHECK(cut.unknown == std::vector<std::string>{"16: step:12"});
}

TEST_CASE("an exception that ended a run is told", "[import]") {
  std::string text = log_text("rates/slow_seed11.log");
  ForeignRun run =
      only(text.substr(0, text.find("step:1200")) +
           "Traceback (most recent call last):\n  File \"a.py\", line 3, in <module>\n    main()\n"
           "torch.OutOfMemoryError: CUDA out of memory\n");
  CHECK(run.counts.unknown == 0);
  CHECK_THAT(run.problem(),
             Catch::EndsWith("without a final score: torch.OutOfMemoryError: CUDA out of memory"));
}

TEST_CASE("a score that is no number is a problem and not a score", "[import]") {
  std::string text = log_text("rates/slow_seed11.log");
  size_t at = text.find("final_sliding");
  ForeignRun run = only(text.substr(0, at) + "final_sliding_window_exact val_loss:nan val_bpb:nan\n");
  CHECK(run.problem() == "its last score is nan");
}

TEST_CASE("the last score counts, and one that is printed again makes no stage", "[import]") {
  ForeignRun run = only(
      "step:5/5 val_loss:2.1 val_bpb:1.25 train_time:9ms step_avg:1ms\n"
      "final_int6_roundtrip_exact val_loss:2.05 val_bpb:1.22000001\n"
      "final_int6_sliding_window_exact val_loss:2.01 val_bpb:1.20000002\n"
      "final_int8_zlib_roundtrip_exact val_loss:2.01 val_bpb:1.20000002\n"
      "val_bpb:          1.20000002\n");
  CHECK(run.last_score()->stage == "sliding");
  CHECK(run.last_score()->loss == 2.01);
  CHECK(run.scores[0].stage == "roundtrip");
  CHECK((run.scores[2].stage.empty() && run.scores[3].stage.empty()));
}

TEST_CASE("two scores of one kind are told apart by their labels", "[import]") {
  ForeignRun run = only(
      "final_sliding_window val_loss:2.0 val_bpb:1.2\nfinal_sliding_window_s16 val_loss:1.9 val_bpb:1.1\n"
      "post_quant val_loss:2.1 val_bpb:1.3\nown_words val_loss:2.2 val_bpb:1.4\n");
  std::vector<std::string> stages;
  for (const ForeignScore& score : run.scores) stages.push_back(score.stage);
  CHECK(stages == std::vector<std::string>{"sliding", "final_sliding_window_s16", "roundtrip", "own_words"});
}

TEST_CASE("what is no log holds no run, and junk in one is counted", "[import]") {
  CHECK(read("").empty());
  CHECK(read("torch==2.9\nnumpy\n").empty());
  CHECK(read("# A README\n\nval_bpb was 1.2\n").empty());
  CHECK(read("import os\n\nprint('val_loss:1 val_bpb:1')\n").empty());
  ForeignRun run = only(log_text("rates/slow_seed11.log") + "\x80\xfe\x01 junk\nlorem ipsum\n");
  CHECK(run.counts.unknown == 2);
  CHECK(run.last_score()->bpb == 1.18211342);
}

TEST_CASE("the seed of a name stands in where the log prints none", "[import]") {
  CHECK(seed_in_name("train_seed1337.log") == 1337);
  CHECK(seed_in_name("run_s42.txt") == 42);
  CHECK(seed_in_name("seed-7_original.log") == 7);
  CHECK_FALSE(seed_in_name("train.log"));
  CHECK_FALSE(seed_in_name("seeds.log"));
  std::vector<ForeignRun> runs = read(log_text("speedrun/run0.txt"), "logs/run_seed5.txt");
  CHECK((runs[0].seed == 5 && runs[0].seed_is_of_name));
}
