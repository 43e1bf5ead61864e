// SPDX-License-Identifier: Apache-2.0
// Logs, tables and submission files of other programs: whatever stands in them is read, counted or refused.
#include "fuzz/target.h"
#include "import/arms.h"
#include "import/checks.h"
#include "import/log_entries.h"
#include "import/read_log.h"
#include "import/read_submission.h"
#include "import/read_table.h"
#include "import/write_runs.h"

namespace caddie::fuzz::foreign_log {

std::vector<std::string> seeds() {
  return {
      "import os\n\"\"\"\nstep:1/2 val_loss:1 val_bpb:1\n\"\"\"\n==========\nRunning Python 3.12.3 (main)\n"
      "seed:7\nval_loader:shards tokens:62021632\ntokenizer_path:/a/fineweb_1024_bpe.model\nmodel_params:12\n"
      "step:0/50 val_loss:6.9 val_bpb:4.1 train_time:0ms step_avg:0.01ms\n"
      "step:50/50 train_loss:2.5 train_time:2126ms step_avg:42.52ms\n"
      "stopping_early: wallclock_cap train_time:2126ms step:50/50\npeak memory allocated: 10 MiB reserved: "
      "12 MiB\n"
      "Total submission size int8+zlib: 15863489 bytes\nfinal_int8_zlib_roundtrip_exact val_loss:2.07 "
      "val_bpb:1.22\n",
      "[rank0]: Hyperparameters:\r\n[rank0]:   seed: 3\r\n  lr: 0.1\r\nval_tokens: 40540160\r\n"
      "1/90 train_loss: 9.0 train_time: 0.0m tok/s: 8494972\r\n90/90 val_loss: 3.1 val_bpb: 1.2\r\n"
      "ttt_sliding:start total_windows=633409 stride=64\r\nttt_sliding:done val_loss=2.8 val_bpb=1.08 "
      "elapsed=9s\r\n"
      "Traceback (most recent call last):\r\n  File \"x\"\r\nRuntimeError: bad\r\n\x1b[31m 3%|#|\x1b[0m\r "
      "4%|#|\n",
      "seed,val_bpb,lr\n1,1.25,\"0.1\"\n2,1.5,0.1\n",
      R"({"seed_results": {"42": {"val_bpb": 1.25, "bytes_total": 15000000}}, "val_bpb": 1.2})"};
}

void run(std::string_view bytes) {
  ForeignSource source;
  source.file = "logs/train_seed3.log";
  source.format = "log";
  std::vector<LogEntry> entries = log_entries(bytes);
  size_t covered = 0;
  for (const auto& range : runs_in(entries)) {
    require(range.first == covered && range.second >= range.first);
    covered = range.second;
  }
  require(covered == entries.size());
  std::vector<ForeignRun> runs = read_log(bytes, source);
  for (const ForeignRun& run : runs) {
    RunSummary summary = summary_of(run);
    require(summary.status == "done" || !summary.fail_reason.empty());
    require(read_fields<ForeignRun>(Json::parse(text_of(written(run)))).settings.size() ==
            run.settings.size());
  }
  std::vector<ArmGroup> arms = group_runs(runs, {});
  size_t grouped = 0;
  for (const ArmGroup& arm : arms) {
    grouped += arm.runs.size();
    check_arm(runs, arm);
  }
  require(grouped == runs.size());
  for (auto read :
       {+[](std::string_view text, const ForeignSource&from) { return read_table(text, ',', from, {}); },
        +[](std::string_view text, const ForeignSource&from) { return read_submission(text, from); }}) {
    try {
      read(bytes, source);
    } catch (const Error&) {
    }
  }
}

CADDIE_FUZZ_TARGET(foreign_log)

}  // namespace caddie::fuzz::foreign_log
