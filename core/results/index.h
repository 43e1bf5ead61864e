// SPDX-License-Identifier: Apache-2.0
// The index of the runs below a folder is kept in a file there (SQLite), so that many runs are found
// quickly. All that it holds comes from the run folders, so it may be deleted at any time.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace caddie {

/// Holds one value that is known of a run; RunValues holds all of them by name.
using RunValue = std::variant<bool, double, std::string>;
using RunValues = std::map<std::string, RunValue, std::less<>>;

/// Names the file of the index. No other file may have this name, as Caddie deletes a damaged index.
inline constexpr std::string_view kIndexFile = ".caddie.db";

/// Finds the runs below a folder and what is known of each.
class RunIndex {
 public:
  /// Reads what is to be remembered of a run folder. Where it throws Error, the run's only value is
  /// "fail_reason", the error's text.
  using Reader = std::function<RunValues(const std::filesystem::path&)>;

  /// Opens the index of `folder` and brings it up to date: folders that hold a run.json and are new or
  /// changed are read, those that are gone are dropped. An index that is damaged or of another version is
  /// made anew. Where its file cannot be written, or while another process writes it, the index lives in
  /// memory.
  RunIndex(const std::filesystem::path& folder, const Reader& read);
  ~RunIndex();
  RunIndex(RunIndex&&) noexcept;

  /// Returns the folders of all runs, sorted.
  const std::vector<std::filesystem::path>& runs() const { return runs_; }
  /// Returns one value of a run by its name; nothing when the run has none.
  std::optional<RunValue> value(const std::filesystem::path& run, std::string_view name) const;
  /// Returns all values of a run.
  RunValues values(const std::filesystem::path& run) const;
  /// Returns how many runs had to be read for this index.
  int read() const { return read_; }

 private:
  class Database;
  std::unique_ptr<Database> database_;
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> runs_;
  int read_ = 0;
};

}  // namespace caddie
