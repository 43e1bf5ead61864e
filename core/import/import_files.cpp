// SPDX-License-Identifier: Apache-2.0
// The ending of a name decides how a file is read; what cannot be read is told, and the others are read.
#include "import/import_files.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/characters.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/owned_folder.h"
#include "base/text.h"
#include "data/byte_source.h"
#include "import/read_log.h"
#include "import/read_submission.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostBytes = size_t(1) << 29;

std::string text_of_file(const fs::path& file) {
  std::unique_ptr<ByteSource> source = open_bytes(file);
  std::string text, block;
  for (source->read(block); !block.empty(); source->read(block)) {
    text += block;
    check(text.size() <= kMostBytes, "{}: holds more than {} bytes of text; a log is far shorter",
          file.string(), with_commas(int64_t(kMostBytes)));
  }
  return text;
}

/// Returns the ending of a file's name, without the one of a compressor.
std::string ending_of(fs::path file) {
  std::string ending = file.extension().string();
  if (ending == ".gz" || ending == ".zst" || ending == ".xz")
    ending = file.replace_extension().extension().string();
  return in_lower_case(ending);
}

/// Returns a hash by which copies are known, whatever ends of lines they have.
std::string hash_of_text(const std::string& text) {
  std::string plain;
  for (char c : text)
    if (c != '\r') plain += c;
  while (plain.ends_with('\n')) plain.pop_back();
  return sha256(plain);
}

/// Reads files one after the other.
class FileReader {
 public:
  explicit FileReader(const std::vector<ColumnName>& map) : map_(map) {}

  void read(const fs::path& named) {
    if (!fs::exists(named)) fail_usage("{}: there is no such file or folder", named.string());
    if (fs::is_directory(named))
      read_folder(named);
    else
      read_file(named, true);
  }

  FoundRuns take() { return std::move(found_); }

 private:
  void read_folder(const fs::path& folder) {
    std::map<fs::path, std::vector<fs::path>> by_folder;
    std::error_code error;
    fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error), end;
    for (; !error && entry != end; entry.increment(error)) {
      const fs::path& path = entry->path();
      bool hidden = path.filename().string().starts_with('.');
      // What Caddie made holds copies of logs that it imported, and logs of its own runs.
      if (entry->is_directory(error) && (hidden || is_owned(path))) entry.disable_recursion_pending();
      if (!hidden && entry->is_regular_file(error)) by_folder[path.parent_path()].push_back(path);
    }
    check(!error, "{}: cannot be listed: {}", folder.string(), error.message());
    for (auto& [parent, files] : by_folder) {
      std::sort(files.begin(), files.end());
      read_siblings(files);
    }
  }

  /// Reads the logs of one folder, or its submission file where it has none.
  void read_siblings(const std::vector<fs::path>& files) {
    size_t before = found_.runs.size();
    for (const fs::path& file : files)
      if (std::string ending = ending_of(file); ending == ".log" || ending == ".txt") read_file(file, false);
    if (found_.runs.size() > before) return;
    for (const fs::path& file : files)
      if (file.filename() == kSubmissionFile) read_file(file, false);
  }

  void read_file(const fs::path& file, bool is_named) {
    std::vector<ForeignRun> runs;
    try {
      runs = runs_of(file);
    } catch (const Error& error) {
      // A table that was named wants another column map, which its user must give.
      if (is_named && error.code() == kUsage) throw;
      found_.refused.push_back(error.what());
      return;
    }
    if (runs.empty() && is_named)
      found_.refused.push_back(
          fmt::format("{}: no line of it is a step or a score of a training; wanted a log", file.string()));
    else if (runs.empty())
      found_.passed.push_back(file.string());
    for (ForeignRun& run : runs) found_.runs.push_back(std::move(run));
  }

  std::vector<ForeignRun> runs_of(const fs::path& file) const {
    std::string text = text_of_file(file), ending = ending_of(file);
    ForeignSource source;
    source.file = file.string();
    source.folder = file.parent_path().string();
    source.sha256 = hash_of_text(text);
    if (ending == ".csv" || ending == ".tsv") {
      source.format = "table";
      return read_table(text, ending == ".csv" ? ',' : '\t', source, map_);
    }
    source.format = ending == ".json" ? "submission" : "log";
    return ending == ".json" ? read_submission(text, source) : read_log(text, source);
  }

  const std::vector<ColumnName>& map_;
  FoundRuns found_;
};

}  // namespace

FoundRuns find_foreign_runs(const std::vector<fs::path>& named, const std::vector<ColumnName>& map) {
  FileReader reader(map);
  for (const fs::path& path : named) reader.read(path);
  return reader.take();
}

std::string lines_of_file(const fs::path& file, int64_t first, int64_t last) {
  std::string text = text_of_file(file);
  size_t from = 0;
  int64_t line = 1;
  for (; line < first && from < text.size(); ++line)
    from = std::min(text.find('\n', from), text.size() - 1) + 1;
  size_t to = from;
  for (; line <= last && to < text.size(); ++line) to = std::min(text.find('\n', to), text.size() - 1) + 1;
  return text.substr(from, to - from);
}

}  // namespace caddie
