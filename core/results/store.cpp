// SPDX-License-Identifier: Apache-2.0
// A stage is made while its folder is claimed; its stage.json is written last and shows that it is complete.
#include "results/store.h"

#include <caddie/error.h>

#include <algorithm>
#include <iterator>

#include "base/files.h"
#include "base/owned_folder.h"
#include "base/sealed_json.h"
#include "results/file_hashes.h"

namespace caddie {
namespace {

constexpr std::string_view kKinds[] = {"train", "prefix", "average", "quantize", "compress", "evaluate"};
constexpr const char* kRecord = "stage.json";
constexpr const char* kFiles = "files";

/// Returns the names of the files that a stage leaves for others, sorted.
std::vector<std::string> outputs(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : entries_of(folder)) {
    std::string name = entry.path().filename().string();
    bool is_ours = name == kRecord || name == kClaimFile || name == kCheckpointFile || name == kMark;
    if (entry.is_regular_file() && !is_ours) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Returns nothing when the file is not there or is damaged.
std::optional<Json> read_record(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return std::nullopt;
  try {
    return read_sealed(file);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

Store::Store(std::filesystem::path folder, std::function<void()> waiting,
             std::function<void(const std::string&)> warn)
    : path_(std::move(folder)), waiting_(std::move(waiting)), warn_(std::move(warn)) {}

bool Store::is_stage(const std::filesystem::path& folder) {
  std::string name = folder.filename().string();
  return std::any_of(std::begin(kKinds), std::end(kKinds),
                     [&](std::string_view kind) { return name.starts_with(std::string(kind) + "-"); });
}

std::optional<Json> Store::find(const std::string& key) const {
  std::optional<Json> record = read_record(folder(key) / kRecord);
  if (record) record->erase(kFiles);
  return record;
}

std::string Store::damage(const std::string& key) const {
  std::optional<Json> record = read_record(folder(key) / kRecord);
  return record ? difference_from(read_fields<HashedFiles>(*record).files, folder(key)) : "";
}

Json Store::get_json(const std::string& key, const MakeJson& make,
                     const std::function<bool(const Json&)>& suffices) {
  auto found = [&](bool warns) -> std::optional<Json> {
    std::optional<Json> record = find(key);
    if (!record || !suffices(*record)) return std::nullopt;
    std::string wrong = damage(key);
    if (!wrong.empty() && warns && warn_) warn_("warning: " + wrong + "; it is made again");
    return wrong.empty() ? record : std::nullopt;
  };
  if (std::optional<Json> record = found(false)) return *record;
  FolderClaim claim = take(key);
  if (std::optional<Json> record = found(true)) return *record;
  return make_held(key, make);
}

void Store::put_json(const std::string& key, const MakeJson& make) {
  FolderClaim claim = take(key);
  make_held(key, make);
}

FolderClaim Store::take(const std::string& key) const {
  make_owned_folder(path_);
  make_owned_folder(folder(key));
  FolderClaim claim = FolderClaim::wait_for(folder(key), waiting_);
  remove_leftovers(folder(key));
  return claim;
}

Json Store::make_held(const std::string& key, const MakeJson& make) const {
  std::filesystem::path place = folder(key);
  std::filesystem::remove(place / kRecord);
  Json record = make(place);
  Json whole = record;
  whole.update(written(HashedFiles{hashes_of(place, outputs(place))}));
  write_sealed(place / kRecord, whole);
  return record;
}

void Store::forget(const std::string& key) const {
  std::filesystem::path place = folder(key);
  if (!std::filesystem::exists(place)) return;
  check_owned(place);
  FolderClaim claim = FolderClaim::take_or_refuse(place, "wait for it or stop it");
  std::filesystem::remove(place / kRecord);
  clear_owned(place, kClaimFile);
}

void place_file(const std::filesystem::path& file, const std::filesystem::path& copy) {
  std::filesystem::path aside = temporary_beside(copy);
  std::error_code error;
  std::filesystem::remove(aside, error);
  std::filesystem::create_hard_link(file, aside, error);
  if (error) std::filesystem::copy_file(file, aside, error);
  if (!error) std::filesystem::rename(aside, copy, error);
  check(!error, "{}: cannot copy {} there: {}", copy.string(), file.string(), error.message());
}

}  // namespace caddie
