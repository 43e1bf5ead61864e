// SPDX-License-Identifier: Apache-2.0
#include "results/store.h"

#include <caddie/error.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/file_lock.h"
#include "base/files.h"

namespace caddie {
namespace {

constexpr const char* kRecord = "stage.json";
constexpr const char* kLock = "lock";
constexpr std::chrono::milliseconds kPatience(50);

}  // namespace

Store::Store(std::filesystem::path folder, std::function<void()> waiting)
    : path_(std::move(folder)), waiting_(std::move(waiting)) {}

std::optional<Json> Store::find(const std::string& key) const {
  std::ifstream file(folder(key) / kRecord);
  Json record = file ? Json::parse(file, nullptr, false) : Json();
  return record.is_object() ? std::optional(record) : std::nullopt;
}

Json Store::get(const std::string& key, const std::function<Json(const std::filesystem::path&)>& make,
                const std::function<bool(const Json&)>& suffices) {
  auto found = [&]() -> std::optional<Json> {
    std::optional<Json> record = find(key);
    return record && (!suffices || suffices(*record)) ? record : std::nullopt;
  };
  if (std::optional<Json> record = found()) return *record;
  std::filesystem::path place = folder(key);
  make_folder(place);
  std::optional<FileLock> lock;
  while (!(lock = FileLock::take(place / kLock))) {
    if (waiting_) waiting_();
    std::this_thread::sleep_for(kPatience);
  }
  if (std::optional<Json> record = found()) return *record;
  Json record = make(place);
  finish(key, record);
  return record;
}

bool Store::is_held(const std::string& key) const { return FileLock::is_held(folder(key) / kLock); }

// The lock file stays, because others may be waiting for it.
void Store::forget(const std::string& key) const {
  std::filesystem::path place = folder(key);
  if (!std::filesystem::exists(place)) return;
  std::optional<FileLock> lock = FileLock::take(place / kLock);
  check(lock.has_value(), "{}: is being worked on; wait for it or stop it", place.string());
  std::filesystem::remove(place / kRecord);
  for (const auto& entry : std::filesystem::directory_iterator(place))
    if (entry.path().filename() != kLock) std::filesystem::remove_all(entry.path());
}

void Store::finish(const std::string& key, const Json& record) const {
  write_file(folder(key) / kRecord, record.dump(1) + "\n");
}

void place_file(const std::filesystem::path& file, const std::filesystem::path& copy) {
  std::filesystem::path aside = copy;
  aside += ".new";
  std::error_code error;
  std::filesystem::remove(aside, error);
  std::filesystem::create_hard_link(file, aside, error);
  if (error) std::filesystem::copy_file(file, aside, error);
  if (!error) std::filesystem::rename(aside, copy, error);
  check(!error, "{}: cannot copy {} there: {}", copy.string(), file.string(), error.message());
}

}  // namespace caddie
