// SPDX-License-Identifier: Apache-2.0
// Logs of public records, where they are at hand beside the sources (../shared/cases/logs): every line is
// understood, the last score is the one that the record published, and only known faults are noted.
#include <catch2/catch.hpp>

#include <map>
#include <set>

#include "import/import.h"
#include "report/compare_arms.h"
#include "statistics/interval.h"
#include "support/paths.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

const fs::path kShared = source_folder() / "../shared/cases/logs";

bool is_there() {
  if (fs::is_directory(kShared)) return true;
  WARN("SKIP: " << kShared.string() << " is not there");
  return false;
}

}  // namespace

TEST_CASE("logs of public records are read without a line that is not understood", "[import]") {
  if (!is_there()) return;
  TemporaryFolder folder;
  ImportRequest request;
  request.files = {kShared};
  request.into = folder / "records";
  ImportResult result = import_runs(request);
  CHECK(result.refused.empty());
  std::map<std::string, std::set<std::string>> notes;  // the kinds of notes by the record's date
  for (const ImportNote& note : result.sweep.notes) notes[note.arm.substr(0, 10)].insert(note.kind);
  std::map<std::string, std::set<std::string>> known = {{"2026-03-17", {"bytes_per_token"}},
                                                        {"2026-03-22", {"identical_files"}},
                                                        {"2026-04-29", {"another_record", "rerun"}}};
  CHECK(notes == known);
  for (const ForeignRun& run : result.sweep.runs) {
    INFO(run.name());
    CHECK(run.counts.unknown == 0);
    CHECK(run.problem().empty());
  }
  // There are 85 files, of which two have the same bytes.
  CHECK(result.sweep.runs.size() == 84);
}

TEST_CASE("tests of public records agree with scipy and R", "[import]") {
  if (!is_there()) return;
  TemporaryFolder folder;
  ImportRequest request;
  request.files = {kShared};
  request.into = folder / "records";
  import_runs(request);
  auto arm = [&](const char* label, const Metric& metric) {
    return finished_arm(request.into, label, metric.name);
  };
  // scipy.stats.ttest_ind(a, b, equal_var=False, alternative="less") on the last val_bpb of each log.
  Comparison welch = compare_arms(arm("2026-04-06_SP8192_QK5_LegalTTT_1.0828", kBpb),
                                  arm("2026-04-05_SP8192_GPTQ-Embeddings_SDClip_Loop45x2", kBpb),
                                  "satterthwaite", one_sided_hypothesis(Tail::less, 0, 0.01));
  CHECK(welch.p == Approx(0.0009160956871881564).epsilon(1e-9));
  CHECK(welch.df == Approx(5.04278656023356).epsilon(1e-9));
  // scipy.stats.ttest_1samp(losses, 3.28, alternative="less") on the last val_loss of each log.
  Comparison speedrun = compare_with_number(arm("2026-05-20_BigramsSignTrick", kLossNats), 3.28,
                                            one_sided_hypothesis(Tail::less, 0, 0.01));
  CHECK(speedrun.p == Approx(0.0556387969762714).epsilon(1e-9));
  CHECK_THROWS(arm("2026-04-29_SmearGateBOSFix_3Seed_1.06141 gptq_reserve_seconds=0.5", kBpb));
}
