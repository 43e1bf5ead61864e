// SPDX-License-Identifier: Apache-2.0
// Only the first of these is told: an interruption, a full disk, lost runs, failed runs, a claim that is not
// met.
#include "sweep/conclusion.h"

namespace caddie {

Conclusion conclude(const RunnerResult& result, size_t runs, const std::filesystem::path& folder,
                    const std::string& onward, std::optional<bool> claim_met) {
  if (result.interrupted)
    return {kInterrupted, message("interrupted with {} runs left; {}", {result.left, onward}), ""};
  if (result.disk_full)
    return {kDiskFull,
            message("{}: the disk is full, with {} runs left; free space, then {}",
                    {folder.string(), result.left, onward}),
            ""};
  Conclusion end;
  if (result.left > 0)
    end.note = message("{} runs left, as their number or time was limited or others stopped them; {}",
                       {result.left, onward});
  if (result.lost > 0) {
    end.code = kFailed;
    end.error = message("{} of {} runs were killed from outside, {} failed; {}",
                        {result.lost, runs, result.failed, onward});
  } else if (result.failed > 0) {
    end.code = kFailed;
    end.error = message("{} of {} runs failed; see caddie status {}, then caddie retry {}",
                        {result.failed, runs, folder.string(), folder.string()});
  } else if (claim_met && !*claim_met) {
    end.code = kClaimNotMet;
    end.error = "the claim is not met";
  }
  return end;
}

}  // namespace caddie
