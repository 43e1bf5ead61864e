// SPDX-License-Identifier: Apache-2.0
// Runs say in a store that they are at work with it, so that nobody deletes the stages that they are about to
// take. The store's folder users/ holds a file for each, with the path of the run's folder, whose claim tells
// whether the run is still there.
#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

#include "results/claim.h"

namespace caddie {

/// Names the folder in a store that has a file for each run that uses the store.
inline constexpr std::string_view kStoreUsers = "users";

/// Says in a store that a run uses it, as long as the object lives.
class StoreUse {
 public:
  /// Lets the run in folder `run`, which the caller has claimed, use the store. Waits while the store is
  /// cleaned; `waiting` is called now and then and may throw to give up.
  StoreUse(const std::filesystem::path& store, const std::filesystem::path& run,
           const std::function<void()>& waiting);
  ~StoreUse();
  StoreUse(const StoreUse&) = delete;
  StoreUse& operator=(const StoreUse&) = delete;

 private:
  std::filesystem::path file_;
};

/// Claims a store, so that its stages can be deleted: no run begins to use it meanwhile. Throws Error
/// (kUsage) saying who uses it when a run does.
FolderClaim claim_store(const std::filesystem::path& store);

}  // namespace caddie
