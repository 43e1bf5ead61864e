// SPDX-License-Identifier: Apache-2.0
// What each kind of line tells, and that lines which only resemble one tell nothing.
#include <catch2/catch.hpp>

#include "import/end_lines.h"
#include "import/line_fields.h"
#include "import/other_lines.h"
#include "import/setting_lines.h"
#include "import/step_lines.h"

using namespace caddie;

TEST_CASE("a line is words and fields, with a space after the mark or without", "[import]") {
  LineFields line = line_fields("pre words loss:1.5 rate: 3m (k=v) order:[1, 2] end");
  CHECK(line.label() == "pre words");
  REQUIRE(line.fields.size() == 4);
  CHECK(*line.find("loss") == "1.5");
  CHECK(*line.find("rate") == "3m");
  CHECK(*line.find("k") == "v");
  CHECK(*line.find("order") == "[1, 2]");
  CHECK(line.loose == 1);
  CHECK(line_fields("a: b:1").find("a") == nullptr);
  CHECK(line_fields("7:1").fields.empty());
}

TEST_CASE("numbers are read whole or not at all", "[import]") {
  CHECK(number_in("2.5e-3") == 2.5e-3);
  CHECK(std::isnan(*number_in("nan")));
  CHECK_FALSE(number_in("2.5x"));
  CHECK_FALSE(number_in(""));
  CHECK(whole_in("15,863,489") == 15863489);
  CHECK_FALSE(whole_in("1.5"));
  CHECK_FALSE(whole_in("99999999999999999999"));
  CHECK(seconds_in("1500ms") == 1.5);
  CHECK(seconds_in("0.5m") == 30.0);
  CHECK(seconds_in("2h") == 7200.0);
  CHECK_FALSE(seconds_in("12"));
}

TEST_CASE("steps are read in both formats of upstream and in modded-nanogpt's", "[import]") {
  auto first = step_line("step:40/500 train_loss:3.25 train_time:2100ms step_avg:52.50ms");
  REQUIRE(first);
  CHECK((first->step == 40 && first->of == 500 && first->train_loss == 3.25 && first->seconds == 2.1));
  CHECK(first->step_ms == Approx(52.5));
  auto second = step_line("40/500 train_loss: 3.25 train_time: 0.5m tok/s: 7000000");
  REQUIRE(second);
  CHECK((second->step == 40 && second->seconds == 30.0 && second->tokens_per_second == 7e6));
  auto validation = step_line("500/500 val_loss: 2.5 val_bpb: 1.25");
  REQUIRE(validation);
  CHECK((validation->val_loss == 2.5 && validation->val_bpb == 1.25 && !validation->seconds));
  auto third = step_line("step:500/500 val_loss:3.2795 train_time:90000ms step_avg:180.00ms");
  REQUIRE(third);
  CHECK((third->val_loss == 3.2795 && !third->val_bpb));
}

TEST_CASE("what only resembles a step is none", "[import]") {
  for (const char* line :
       {"step:40", "step:x/500 train_loss:3", "step:-1/5 train_loss:3 train_time:1ms", "warmup_step:1/20",
        "step:40/500 train_lo", "step:40/500 train_loss:3.2x train_time:1ms", "  40/500 train_loss: 3",
        "f\"{step}/{n} val_loss: {loss:.4f}\"", "a/b train_loss: 3.0"}) {
    INFO(line);
    CHECK_FALSE(step_line(line));
  }
}

TEST_CASE("a score has its label, its time, and its two numbers", "[import]") {
  auto score = score_line("final_int8_zlib_roundtrip_exact val_loss:2.07269931 val_bpb:1.22436570");
  REQUIRE(score);
  CHECK(
      (score->label == "final_int8_zlib_roundtrip" && score->bpb == 1.2243657 && score->loss == 2.07269931));
  auto timed = score_line("final_sliding_window val_loss:1.9 val_bpb:1.1 stride:64 eval_time:61000ms");
  REQUIRE(timed);
  CHECK(timed->seconds == 61.0);
  auto done = score_line("ttt_sliding:done val_loss=1.8 val_bpb=1.1 elapsed=409.8s");
  REQUIRE(done);
  CHECK((done->label == "ttt_sliding" && done->seconds == 409.8));
  auto bare = score_line("val_bpb:          1.12278022");
  REQUIRE(bare);
  CHECK((bare->label.empty() && !bare->loss && bare->bpb == 1.12278022));
}

TEST_CASE("progress, settings and source are no scores", "[import]") {
  for (const char* line : {"val_bpb:enabled tokenizer_kind=sentencepiece", "step:1/5 val_loss:2 val_bpb:1",
                           "chunk 3/100 val_bpb:1.2", "12.5% val_bpb:1.2", "eval chunk:3 val_bpb:1.2",
                           "    val_loss, val_bpb = eval_val(",
                           "{label} val_loss:{loss:.8f} val_bpb:{bpb:.8f}", "running_bpb:1.2"}) {
    INFO(line);
    CHECK_FALSE(score_line(line));
  }
}

TEST_CASE("sizes, the reason of an early end, memory and windows are read", "[import]") {
  auto size = size_line("Serialized model int8+zlib: 15815847 bytes (payload:17178912 raw_torch:17224025)");
  REQUIRE(size);
  CHECK((size->label == "Serialized model int8+zlib" && size->bytes == 15815847));
  CHECK_FALSE(size_line("Serialized model: 15.8 MB"));
  CHECK_FALSE(size_line("Serialized model: 5 bytesize"));
  auto stop = stop_line("stopping_early: wallclock_cap train_time: 592054ms step: 4942/20000");
  REQUIRE(stop);
  CHECK((stop->reason == "wallclock_cap" && stop->seconds == 592.054 && stop->step == 4942 &&
         stop->of == 20000));
  CHECK_FALSE(stop_line("stopping: now"));
  CHECK(memory_line("peak memory allocated: 10184 MiB reserved: 10200 MiB") == int64_t(10184) * 1024 * 1024);
  CHECK_FALSE(memory_line("peak memory allocated: 10184 GiB"));
  CHECK(scored_tokens_in("x:start total_windows=100 stride=64") == 6400);
  CHECK_FALSE(scored_tokens_in("x:start total_windows=100"));
}

TEST_CASE("settings stand in a block, or on lines of fields alone", "[import]") {
  CHECK(is_block_head("Hyperparameters:"));
  CHECK(block_item("  beta1: 0.9") == std::pair<std::string, std::string>("beta1", "0.9"));
  CHECK(block_item("  layers_str:") == std::pair<std::string, std::string>("layers_str", ""));
  CHECK_FALSE(block_item("beta1: 0.9"));
  CHECK_FALSE(block_item("    val_bpb = val_loss / math.log(2.0)"));
  CHECK_FALSE(block_item("    return val_loss, val_bpb"));
  auto settings = setting_line("world_size:8 grad_accum_steps:1");
  REQUIRE(settings);
  CHECK(settings->at(1).second == "1");
  for (const char* line : {"warmup_step:3/20", "compile_time:12.5s", "done:12ms", "gptq:calibrated 66 layers",
                           "total_eval_time:332.1s", "two words:1"}) {
    INFO(line);
    CHECK_FALSE(setting_line(line));
  }
  CHECK(version_line("Running Python 3.12.3 (main)") ==
        std::pair<std::string, std::string>("python", "3.12.3"));
  CHECK_FALSE(version_line("Running late"));
  CHECK(device_in_row("|   0  NVIDIA H100 80GB HBM3          On  | 0 |") == "NVIDIA H100 80GB HBM3");
  CHECK(device_in_row("| NVIDIA-SMI 570.10      Driver Version: 570.10 |").empty());
  CHECK(number_of_device("|   7  NVIDIA H100 80GB HBM3          On  | 0 |") == 7);
  CHECK_FALSE(number_of_device("| NVIDIA H100 80GB HBM3 | 0 |"));
  CHECK_FALSE(number_of_device("|"));
}

TEST_CASE("remarks are told from lines that nobody understands", "[import]") {
  for (const char* line :
       {"ema:applying weights", "GPTQ:collected 66 Hessians in 9.7s", "tttg: c1/95 lr:0.001 t:0.3s",
        "  3%|#| 3/9", "*****************************************", "Fri Apr 17 10:00:00 2026", "| a | b |",
        "W0318 14:38:18.833 12 torch/run.py:792] text", "/x/y.py:3: UserWarning: slow"}) {
    INFO(line);
    CHECK(is_remark(line, line));
  }
  for (const char* line :
       {"ttt_chunk:100/1893 val_bpb=1.13", "  chunk [1/1893] bpb=1.158 time=0.4s", "12% val_bpb:1.2"}) {
    INFO(line);
    CHECK(is_remark(line, line));
    CHECK_FALSE(score_line(line));
  }
  for (const char* line : {"stopping_early", "step:1200/20000 train_lo", "a val_bpb of note: 1.2",
                           "lorem ipsum", "\x80\x81\x82"}) {
    INFO(line);
    CHECK_FALSE(is_remark(line, line));
  }
  CHECK(exception_in("torch.OutOfMemoryError: CUDA out of memory") ==
        "torch.OutOfMemoryError: CUDA out of memory");
  CHECK(exception_in("error: none").empty());
}
