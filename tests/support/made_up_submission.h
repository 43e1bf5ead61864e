// SPDX-License-Identifier: Apache-2.0
// Evidence of a submission in which nothing is wrong, for tests that change one thing of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "submission/checks.h"

namespace caddie::testing {

/// The evidence of a finding, line by line.
inline std::string said(const std::optional<RuleFinding>& finding) { return join(finding->evidence, "\n"); }

/// A finished run of SP8192 whose score is the bits per byte that belong to `loss`.
inline RunFacts made_up_run(int64_t seed, double loss) {
  const KnownTokenizer& tokenizer = known_tokenizers()[2];
  std::string log = "train_seed" + std::to_string(seed) + ".log";
  RunFacts run;
  run.name = log;
  run.seed = Shown<int64_t>{seed, log + ":7"};
  run.loss = Shown<double>{loss, log + ":90"};
  run.bpb = Shown<double>{loss / (0.6931471805599453 * tokenizer.bytes_per_token), log + ":90"};
  run.stage = "sliding";
  run.train_seconds = Shown<double>{600.04, log + ":80"};
  run.eval_seconds = Shown<double>{500, log + ":90"};
  run.model_bytes = Shown<int64_t>{15900000, log + ":85"};
  run.code_bytes = Shown<int64_t>{50000, log + ":84"};
  run.artifact_bytes = Shown<int64_t>{15950000, log + ":86"};
  run.validation_tokens = Shown<int64_t>{tokenizer.validation_tokens, log + ":12"};
  run.tokenizer = &tokenizer;
  run.bytes_per_token = tokenizer.bytes_per_token;
  run.train_shards = Shown<int64_t>{80, log + ":11"};
  run.gpus = Shown<int64_t>{8, log + ":5"};
  run.gpu = Shown<std::string>{"NVIDIA H100 80GB HBM3", log + ":3"};
  run.data = {{"datasets_dir", "fineweb10B_sp8192"}, {"tokenizer_path", "fineweb_8192_bpe.model"}};
  return run;
}

/// Three runs, a record of three, and the files of a submission.
inline SubmissionFacts made_up_submission() {
  SubmissionFacts facts;
  facts.folder = "records/mine";
  facts.runs = {made_up_run(1, 2.0711), made_up_run(2, 2.0725), made_up_run(3, 2.0703)};
  facts.settings_are_known = true;
  facts.record_name = "records/theirs";
  facts.record = {made_up_run(1, 2.0804), made_up_run(2, 2.0817), made_up_run(3, 2.0797)};
  facts.content.files = {{"README.md", 900}, {"submission.json", 300}, {"train_gpt.py", 50000}};
  for (const RunFacts& run : facts.runs) facts.content.files.push_back({run.name, 9000});
  return facts;
}

}  // namespace caddie::testing
