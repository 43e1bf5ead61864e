// SPDX-License-Identifier: Apache-2.0
// Faults that logs of the field have, each in a run made up here, and that sound runs are not accused.
#include "import/checks.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>

#include "import/provenance_checks.h"
#include "import/score_checks.h"
#include "import/tokenizers.h"

using namespace caddie;
using Catch::Contains;

namespace {

/// A finished run whose score has these bytes per token.
ForeignRun run(int64_t seed, const std::string& tokenizer, double bytes, double bpb = 1.1) {
  ForeignRun run;
  run.source.file = "logs/train_seed" + std::to_string(seed) + ".log";
  run.source.folder = "logs";
  run.source.format = "log";
  run.seed = seed;
  run.settings = {{"tokenizer_path", "/data/" + tokenizer}, {"lr", "0.1"}};
  ForeignScore score;
  score.label = score.stage = "roundtrip";
  score.bpb = bpb;
  score.loss = bpb * std::numbers::ln2 * bytes;
  run.scores = {score};
  return run;
}

const std::string kSp8192 = "fineweb_8192_bpe.model", kSp1024 = "fineweb_1024_bpe.model";

std::vector<std::string> kinds(const std::vector<ForeignRun>& runs) {
  ArmGroup arm{"arm", {}};
  for (size_t i = 0; i < runs.size(); ++i) arm.runs.push_back(i);
  std::vector<std::string> kinds;
  for (const ImportNote& note : check_arm(runs, arm)) kinds.push_back(note.kind);
  return kinds;
}

using Kinds = std::vector<std::string>;

}  // namespace

TEST_CASE("bytes per token are the loss over ln 2 and the score", "[import]") {
  // 2.07269931 / (0.693147180559945 * 1.2243657) = 2.442303 by hand.
  CHECK(bytes_per_token(2.07269931, 1.2243657).value() == Approx(2.442303).epsilon(1e-6));
  CHECK_FALSE(bytes_per_token(2.0, 0.0));
  CHECK_FALSE(bytes_per_token({}, 1.0));
}

TEST_CASE("a tokenizer is known by the name of its file or of the data, and not by its size", "[import]") {
  CHECK(tokenizer_of(run(1, kSp8192, 3.7))->name == "SP8192");
  CHECK(tokenizer_of(run(1, "fineweb_8192_bpe_lossless_caps_caseops_v1_reserved.model", 3))->name ==
        "CaseOps");
  CHECK(tokenizer_of(run(1, "own_8192.model", 3.7)) == nullptr);
  CHECK(tokenizer_of(run(1, "fineweb_8192_bpe_v2.model", 3.7)) == nullptr);
  ForeignRun by_data;
  by_data.settings = {{"datasets_dir", "/x/fineweb10B_sp4096/"}};
  CHECK(tokenizer_of(by_data)->name == "SP4096");
  by_data.settings = {{"train_loader", "dataset:fineweb10B_sp1024"}};
  CHECK(tokenizer_of(by_data)->name == "SP1024");
  ForeignRun contradicted = run(1, kSp8192, 3.7);
  contradicted.settings.emplace_back("vocab_size", "4096");
  CHECK(tokenizer_of(contradicted) == nullptr);
}

TEST_CASE("bytes within a tenth of a percent are right, others are told with the likely cause", "[import]") {
  CHECK(wrong_bytes(run(1, kSp8192, 3.72663 * 1.0009)).empty());
  CHECK_FALSE(wrong_bytes(run(1, kSp8192, 3.72663 * 1.0011)).empty());
  // Bytes that pull request 1719 of parameter-golf found: 3.727 x 1.177.
  CHECK_THAT(wrong_bytes(run(1, kSp8192, 4.386)), Contains("4.386") && Contains("counted twice"));
  CHECK_THAT(wrong_bytes(run(1, kSp1024, 2.43592 * 1.177)), Contains("counted twice"));
  CHECK_THAT(wrong_bytes(run(1, "unknown.model", 4.386)), Contains("SP8192") && Contains("counted twice"));
  CHECK(wrong_bytes(run(1, "unknown.model", 3.5)).empty());
  CHECK_THAT(wrong_bytes(run(1, kSp8192, 2.436)), Contains("SP1024, another tokenizer"));
  ForeignRun truncated = run(1, kSp8192, 3.1);
  CHECK_THAT(wrong_bytes(truncated), Contains("truncated shard"));
  truncated.validation_tokens = 9662464;
  CHECK_THAT(wrong_bytes(truncated), Contains("truncated shard") && Contains("9,662,464"));
  ForeignRun other = run(1, kSp1024, 2.4423);
  other.validation_tokens = 63779840;
  CHECK_THAT(wrong_bytes(other), Contains("2.442") && Contains("another validation set"));
  CHECK(kinds({other}) == Kinds{"bytes_per_token"});
}

TEST_CASE("a wrong score before the last one is found as well", "[import]") {
  ForeignRun mixed = run(1, kSp8192, 3.72663);
  ForeignScore early = mixed.scores[0];
  early.loss = *early.loss * 1.177;
  mixed.scores.insert(mixed.scores.begin(), early);
  CHECK_THAT(wrong_bytes(mixed), Contains("counted twice"));
}

TEST_CASE("tokens are compared with those that the tokenizer owes, and with those that are scored",
          "[import]") {
  ForeignRun sound = run(1, kSp8192, 3.72663);
  sound.validation_tokens = 40540160;
  sound.scored_tokens = 40538176;  // Windows of 2,048 leave a rest that is shorter than one.
  CHECK(kinds({sound}).empty());
  ForeignRun fewer = sound;
  fewer.scored_tokens = 20270080;
  CHECK(kinds({fewer}) == Kinds{"scored_tokens"});
  CHECK_THAT(unscored_part(fewer), Contains("20,270,080 of 40,540,160"));
  ForeignRun part = sound;
  part.settings.emplace_back("val_doc_fraction", "0.5");
  CHECK_THAT(unscored_part(part), Contains("0.5 of the documents"));
  ForeignRun cut = sound;
  cut.validation_tokens = 40000000;
  cut.scored_tokens = {};
  CHECK(kinds({cut}) == Kinds{"validation_tokens"});
  CHECK(kinds({sound, cut}) == Kinds{"validation_tokens", "same_seed", "validation_tokens"});
}

TEST_CASE("a seed that was run twice parts the runs of an arm", "[import]") {
  std::vector<ForeignRun> runs = {run(1, kSp8192, 3.72663), run(2, kSp8192, 3.72663),
                                  run(2, kSp8192, 3.72663, 1.2)};
  ArmGroup arm{"arm", {0, 1, 2}};
  std::vector<ImportNote> notes = check_arm(runs, arm);
  REQUIRE(notes.size() == 1);
  CHECK((notes[0].kind == "same_seed" && notes[0].parts_runs));
  CHECK_THAT(notes[0].text, Contains("seed 2 was run 2 times"));
  runs[2].scores.clear();  // A run that failed is in no sample.
  CHECK(check_arm(runs, arm).empty());
}

TEST_CASE("settings that differ inside an arm are named with their values", "[import]") {
  std::vector<ForeignRun> runs = {run(1, kSp8192, 3.72663), run(2, kSp8192, 3.72663)};
  set(runs[1].settings, "lr", "0.2");
  set(runs[1].settings, "run_id", "other");
  std::vector<ImportNote> notes = check_arm(runs, {"arm", {0, 1}});
  REQUIRE(notes.size() == 1);
  CHECK((notes[0].kind == "settings_differ" && notes[0].parts_runs));
  CHECK(notes[0].text == "its runs differ in lr (0.1, 0.2)");
}

TEST_CASE("a run of another record is known by its name, or by two things of its making", "[import]") {
  std::vector<ForeignRun> runs = {run(1, kSp8192, 3.72663), run(2, kSp8192, 3.72663),
                                  run(3, kSp8192, 3.72663)};
  CHECK(kinds(runs).empty());
  runs[2].source.file = "logs/train_seed3_pr1851.log";
  CHECK(kinds(runs) == Kinds{"another_record"});
  runs[2].source.file = "logs/train_seed3.log";
  runs[2].code_bytes = 30985;
  runs[0].code_bytes = runs[1].code_bytes = 28320;
  CHECK(kinds(runs).empty());  // One thing is not enough: code was edited between runs.
  runs[0].train_shards = runs[1].train_shards = 80;
  runs[2].train_shards = 39;
  CHECK(kinds(runs) == Kinds{"another_record"});
  CHECK(pull_request_in("a_PR-1851_b.log") == 1851);
  CHECK_FALSE(pull_request_in("sprint12.log"));
  CHECK_FALSE(pull_request_in("pr1851x.log"));
}

TEST_CASE("reruns are told by their names", "[import]") {
  std::vector<ForeignRun> runs = {run(1, kSp8192, 3.72663), run(1, kSp8192, 3.72663, 1.2)};
  runs[1].source.file = "logs/train_seed1_rerun.log";
  std::vector<ArmGroup> arms = {{"a", {0}}, {"b", {1}}};
  REQUIRE(check_reruns(runs, arms).size() == 1);
  CHECK(check_reruns(runs, arms)[0].arm == "b");
  runs[1].seed = 2;
  CHECK(check_reruns(runs, arms).empty());
}

TEST_CASE("one run under two seeds is found by its numbers", "[import]") {
  std::vector<ForeignRun> runs = {run(1, kSp8192, 3.72663), run(2, kSp8192, 3.72663)};
  for (ForeignRun& one : runs)
    for (int step = 1; step < 6; ++step) one.course.push_back({step, double(step), "train_loss", 4.0 / step});
  CHECK(kinds(runs) == Kinds{"same_course"});
  runs[1].course[2].value += 0.0001;
  CHECK(kinds(runs).empty());
}

TEST_CASE("last scores of different stages part the runs of an arm", "[import]") {
  std::vector<ForeignRun> runs = {run(1, kSp8192, 3.72663), run(2, kSp8192, 3.72663)};
  runs[1].scores[0].stage = "ttt";
  CHECK(kinds(runs) == Kinds{"other_stage"});
}
