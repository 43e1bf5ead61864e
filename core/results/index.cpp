// SPDX-License-Identifier: Apache-2.0
// A stamp of times and sizes tells which runs have changed since they were read; only these are read again.
#include "results/index.h"

#include <caddie/error.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/walk.h"
#include "results/claim.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

// The version rises when the tables change; an index of another version is made anew.
constexpr int kVersion = 2;

constexpr const char* kTables =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;"
    "CREATE TABLE IF NOT EXISTS run (folder TEXT PRIMARY KEY, stamp TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS value (folder TEXT NOT NULL, name TEXT NOT NULL, kind INTEGER NOT NULL,"
    " value NOT NULL, PRIMARY KEY (folder, name)) WITHOUT ROWID;";

/// Takes the place of the stamp of a run that could not be read.
constexpr const char* kUnread = "unread";

constexpr const char* kTellingFiles[] = {kRecordFile, kSummaryFile, kSettingsFile};

/// Tells whether a file shows that its folder is a run's, so that no run is hidden when one file is missing.
/// Settings alone may be a copy beside an artifact.
bool shows_run(const fs::path& file) {
  if (file.filename() == kSettingsFile) return was_left_behind(file.parent_path());
  return file.filename() == kRecordFile || file.filename() == kSummaryFile;
}

/// Returns the times and sizes of the files that values come from, so that the stamp changes whenever one of
/// the files does.
std::string stamp_of(const fs::path& run) {
  std::string stamp;
  for (const char* name : kTellingFiles) {
    struct stat info = {};
    if (::stat((run / name).c_str(), &info) == 0)
      stamp += fmt::format("{}.{}:{} ", info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size);
  }
  return stamp;
}

/// Returns the folders below `folder` that hold a run, sorted.
std::vector<fs::path> run_folders(const fs::path& folder) {
  std::vector<fs::path> runs;
  if (!fs::is_directory(folder)) return runs;
  walk(folder, [&](const fs::path& path) {
    if (shows_run(path)) runs.push_back(path.parent_path());
    return true;
  });
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  return runs;
}

}  // namespace

/// Holds a connection to SQLite and throws every failure as an Error with SQLite's words.
class RunIndex::Database {
 public:
  explicit Database(const fs::path& file) : file_(file.string()) {
    int code = sqlite3_open(file.c_str(), &connection_);
    std::string problem = code == SQLITE_OK ? "" : sqlite3_errmsg(connection_);
    if (!problem.empty()) sqlite3_close(connection_);
    check(problem.empty(), "{}: {}", file.string(), problem);
    sqlite3_busy_timeout(connection_, 1000);
  }
  ~Database() {
    for (auto& [text, statement] : prepared_) sqlite3_finalize(statement);
    sqlite3_close(connection_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& statements) {
    int code = sqlite3_exec(connection_, statements.c_str(), nullptr, nullptr, nullptr);
    check(code == SQLITE_OK, "{}: index of runs: {}", file_, sqlite3_errmsg(connection_));
  }

  /// Runs one statement; `row` is called for each row that it gives.
  void run(const char* text, const std::vector<RunValue>& parameters,
           const std::function<void(sqlite3_stmt*)>& row = {}) {
    sqlite3_stmt*& statement = prepared_[text];
    if (!statement) sqlite3_prepare_v2(connection_, text, -1, &statement, nullptr);
    check(statement != nullptr, "{}: index of runs: {}", file_, sqlite3_errmsg(connection_));
    for (size_t i = 0; i < parameters.size(); ++i) bind(statement, int(i) + 1, parameters[i]);
    int code = SQLITE_DONE;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
      if (row) row(statement);
    std::string problem = code == SQLITE_DONE ? "" : sqlite3_errmsg(connection_);
    sqlite3_reset(statement);
    check(problem.empty(), "{}: index of runs: {}", file_, problem);
  }

  static std::string text(sqlite3_stmt* row, int column) {
    return reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  }

  static RunValue value(sqlite3_stmt* row, int column) {
    switch (sqlite3_column_int(row, column)) {
      case 0:
        return sqlite3_column_int(row, column + 1) != 0;
      case 1:
        return sqlite3_column_double(row, column + 1);
      default:
        return text(row, column + 1);
    }
  }

  /// Tells whether the file is damaged or of another version, so that it must be made anew.
  bool is_useless() const {
    int code = sqlite3_errcode(connection_);
    return outdated_ || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
  }

  int version() {
    int found = 0;
    run("PRAGMA user_version", {}, [&](sqlite3_stmt* row) { found = sqlite3_column_int(row, 0); });
    return found;
  }

  /// Makes the tables agree with the folders and returns how many runs were read.
  int update(const fs::path& folder, const std::vector<fs::path>& runs, const Reader& read) {
    execute(kTables);
    outdated_ = version() != 0 && version() != kVersion;
    check(!outdated_, "index of runs: made by another version");
    execute(fmt::format("PRAGMA user_version = {}; BEGIN IMMEDIATE", kVersion));
    std::map<std::string, std::string> known;
    run("SELECT folder, stamp FROM run", {}, [&](sqlite3_stmt* row) { known[text(row, 0)] = text(row, 1); });
    int count = 0;
    for (const fs::path& path : runs) {
      std::string name = path.lexically_relative(folder).string(), stamp = stamp_of(path);
      auto before = known.extract(name);
      if (before && before.mapped() == stamp) continue;
      forget(name);
      take_in(name, stamp, path, read);
      ++count;
    }
    for (const auto& [name, stamp] : known) forget(name);
    execute("COMMIT");
    return count;
  }

 private:
  /// Reads and remembers a run. A run that cannot be read now is tried again the next time.
  void take_in(const std::string& name, const std::string& stamp, const fs::path& path, const Reader& read) {
    RunValues values;
    try {
      values = read(path);
    } catch (const Error& error) {
      return remember(name, kUnread, {{"fail_reason", std::string(error.what())}});
    }
    remember(name, stamp, values);
  }

  void forget(const std::string& folder) {
    run("DELETE FROM value WHERE folder = ?", {folder});
    run("DELETE FROM run WHERE folder = ?", {folder});
  }

  void remember(const std::string& folder, const std::string& stamp, const RunValues& values) {
    run("INSERT INTO run VALUES (?, ?)", {folder, stamp});
    for (const auto& [name, value] : values)
      run("INSERT INTO value VALUES (?, ?, ?, ?)", {folder, name, double(value.index()), value});
  }

  static void bind(sqlite3_stmt* statement, int place, const RunValue& value) {
    if (const auto* text = std::get_if<std::string>(&value))
      sqlite3_bind_text(statement, place, text->data(), int(text->size()), SQLITE_TRANSIENT);
    else if (const auto* number = std::get_if<double>(&value))
      sqlite3_bind_double(statement, place, *number);
    else
      sqlite3_bind_int(statement, place, std::get<bool>(value));
  }

  std::string file_;
  sqlite3* connection_ = nullptr;
  bool outdated_ = false;
  std::map<std::string, sqlite3_stmt*> prepared_;
};

RunIndex::RunIndex(const fs::path& folder, const Reader& read) : folder_(folder), runs_(run_folders(folder)) {
  fs::path file = folder / kIndexFile;
  // A useless index is thrown away once. One that cannot be written, or that another process writes, is
  // replaced by one in memory.
  for (bool in_memory = runs_.empty(), again = true;; again = false) {
    bool useless = false;
    try {
      database_ = std::make_unique<Database>(in_memory ? fs::path(":memory:") : file);
      read_ = database_->update(folder, runs_, read);
      return;
    } catch (const Error&) {
      if (in_memory) throw;
      useless = again && database_ && database_->is_useless();
    }
    database_.reset();
    std::error_code ignored;
    for (const char* end : {"", "-wal", "-shm"})
      if (useless) fs::remove(file.string() + end, ignored);
    in_memory = !useless;
  }
}

RunIndex::~RunIndex() = default;
RunIndex::RunIndex(RunIndex&&) noexcept = default;

std::optional<RunValue> RunIndex::value(const fs::path& run, std::string_view name) const {
  std::optional<RunValue> found;
  database_->run("SELECT kind, value FROM value WHERE folder = ? AND name = ?",
                 {run.lexically_relative(folder_).string(), std::string(name)},
                 [&](sqlite3_stmt* row) { found = Database::value(row, 0); });
  return found;
}

RunValues RunIndex::values(const fs::path& run) const {
  RunValues values;
  database_->run("SELECT name, kind, value FROM value WHERE folder = ?",
                 {run.lexically_relative(folder_).string()},
                 [&](sqlite3_stmt* row) { values[Database::text(row, 0)] = Database::value(row, 1); });
  return values;
}

}  // namespace caddie
