// SPDX-License-Identifier: Apache-2.0
// The lock on the file decides; the owner that is written there only tells people whom they wait for.
#include "results/claim.h"

#include <unistd.h>

#include <chrono>
#include <thread>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "process/machine.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// A process that only asks is_claimed() holds the lock for an instant. take() tries this often, at this
/// distance, so that it does not mistake that for a claim.
constexpr int kAttempts = 10;
constexpr std::chrono::milliseconds kInstant(5);

std::string owner_text() {
  return text_of(Json{{"host", host_name()},
                      {"process", int64_t(::getpid())},
                      {"since", utc_now()},
                      {"command", command_line()}}) +
         "\n";
}

/// Returns the owner in the text of a claim; null when nothing is written there or not all of it.
Json owner_in(const std::string& text) {
  Json owner = Json::parse(text, nullptr, false);
  return owner.is_object() && owner.contains("process") ? owner : Json();
}

std::string member(const Json& owner, const char* name) {
  const Json& value = owner.value(name, Json());
  return printable(value.is_string() ? value.get<std::string>() : text_of(value));
}

}  // namespace

FolderClaim::FolderClaim(FileLock lock, fs::path file) : lock_(std::move(lock)), file_(std::move(file)) {
  constexpr std::string_view kBeginning = "{\"host\":";
  std::string text = lock_.text();
  bool looks_ours = text.starts_with(kBeginning) || kBeginning.starts_with(text);
  // In a folder that Caddie made, any other text is a claim that was damaged.
  if (!looks_ours && !is_owned(file_.parent_path()))
    fail_usage("{}: Caddie did not make it, and would overwrite it; move it away, or name another folder",
               file_.string());
  lock_.replace_text(owner_text());
}

FolderClaim::~FolderClaim() {
  if (!handed_over_) lock_.remove_file(file_);
}

void FolderClaim::hand_over() {
  lock_.let_children_inherit();
  handed_over_ = true;
}

std::optional<FolderClaim> FolderClaim::take(const fs::path& folder) {
  fs::path file = folder / kClaimFile;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (std::optional<FileLock> lock = FileLock::take(file)) return FolderClaim(std::move(*lock), file);
    std::this_thread::sleep_for(kInstant);
  }
  return std::nullopt;
}

FolderClaim FolderClaim::wait_for(const fs::path& folder, const std::function<void()>& waiting) {
  while (true) {
    if (std::optional<FolderClaim> claim = take(folder)) return std::move(*claim);
    if (waiting) waiting();
  }
}

FolderClaim FolderClaim::take_or_refuse(const fs::path& folder, std::string_view remedy) {
  std::optional<FolderClaim> claim = take(folder);
  if (!claim) fail_usage("{}: {}; {}", folder.string(), holder_of(folder), remedy);
  return std::move(*claim);
}

bool is_claimed(const fs::path& folder) { return FileLock::is_held(folder / kClaimFile); }

bool was_left_behind(const fs::path& folder) { return fs::exists(folder / kClaimFile); }

std::string holder_of(const fs::path& folder) {
  constexpr size_t kMostOfCommand = 120;
  Json owner;
  try {
    owner = owner_in(read_file(folder / kClaimFile));
  } catch (const Error&) {
    // The process has ended since.
  }
  if (owner.is_null()) return "another process is at work on it";
  return message("process {} on {} has been at work on it since {} ({})",
                 {member(owner, "process"), member(owner, "host"), member(owner, "since"),
                  first_characters(member(owner, "command"), kMostOfCommand)});
}

void check_unclaimed(const fs::path& folder, std::string_view remedy) {
  if (is_claimed(folder)) fail_usage("{}: {}; {}", folder.string(), holder_of(folder), remedy);
}

}  // namespace caddie
