// SPDX-License-Identifier: Apache-2.0
#include "data/work_folder.h"

#include <caddie/error.h>

#include <system_error>
#include <utility>

#include "base/files.h"

namespace caddie {
namespace fs = std::filesystem;

WorkFolder::WorkFolder(fs::path target) : target_(std::move(target)), path_(target_) {
  path_ += ".partial";
  make_folder(path_);
  lock_ = FileLock::take(path_);
  check(lock_.has_value(), "{}: another process is making this folder; wait for it, or choose another output",
        path_.string());
  for (const fs::directory_entry& left : fs::directory_iterator(path_)) fs::remove_all(left.path());
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;
  if (!published_) fs::remove_all(path_, ignored);
}

void WorkFolder::publish() {
  std::error_code error;
  fs::rename(path_, target_, error);
  check(!error, "{}: cannot rename the finished folder to it: {}", target_.string(), error.message());
  published_ = true;
}

}  // namespace caddie
