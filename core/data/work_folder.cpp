// SPDX-License-Identifier: Apache-2.0
// Makes and locks the folder "<target>.partial", and removes it unless it was published.
#include "data/work_folder.h"

#include <exception>
#include <system_error>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/owned_folder.h"

namespace caddie {
namespace fs = std::filesystem;

WorkFolder::WorkFolder(const fs::path& target) : target_(behind_links(target)), path_(target_) {
  path_ += ".partial";
  if (!make_owned_folder(path_))
    fail_usage("{}: is in the way, and Caddie did not make it; move it away, or choose another output",
               path_.string());
  lock_ = FileLock::take(path_);
  check(lock_.has_value(), "{}: another process is making this folder; wait for it, or choose another output",
        path_.string());
  clear_owned(path_);
}

WorkFolder::~WorkFolder() {
  if (published_) return;
  try {
    remove_owned(path_);
  } catch (const std::exception&) {
    // What is left is removed by whoever makes the folder next.
  }
}

void WorkFolder::publish() {
  std::error_code error;
  fs::rename(path_, target_, error);
  check(!error, "{}: cannot rename the finished folder to it: {}", target_.string(), error.message());
  published_ = true;
  disown(target_);
}

}  // namespace caddie
