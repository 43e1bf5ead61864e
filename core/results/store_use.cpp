// SPDX-License-Identifier: Apache-2.0
// A user's file is named by a hash of its run's path; who cleans the store looks for a claim at that path.
#include "results/store_use.h"

#include <chrono>
#include <string>
#include <system_error>
#include <thread>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/owned_folder.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kPatience(20);

}  // namespace

// Whoever cleans the store claims it before it looks for users, and a user looks for that claim after it has
// become one: at least one of the two sees the other.
StoreUse::StoreUse(const fs::path& store, const fs::path& run, const std::function<void()>& waiting) {
  std::string path = fs::absolute(run).lexically_normal().string();
  make_owned_folder(store);
  if (!make_owned_folder(store / kStoreUsers))
    fail_usage("{}: Caddie did not make it, and keeps something else under this name; move it away",
               (store / kStoreUsers).string());
  file_ = store / kStoreUsers / sha256(path).substr(0, 16);
  write_file(file_, path);
  while (is_claimed(store)) {
    if (waiting) waiting();
    std::this_thread::sleep_for(kPatience);
  }
}

StoreUse::~StoreUse() {
  std::error_code ignored;
  fs::remove(file_, ignored);
}

FolderClaim claim_store(const fs::path& store) {
  FolderClaim claim = FolderClaim::take_or_refuse(store, "wait for it");
  if (!is_owned(store / kStoreUsers)) return claim;
  remove_leftovers(store / kStoreUsers);
  for (const auto& user : entries_of(store / kStoreUsers)) {
    if (writer_of_temporary(user.path()) > 0 || user.path().filename() == kMark) continue;
    check_unclaimed(read_file(user.path()), "clean up when it has ended");
    fs::remove(user.path());
  }
  return claim;
}

}  // namespace caddie
