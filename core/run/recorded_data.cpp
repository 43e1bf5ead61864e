// SPDX-License-Identifier: Apache-2.0
// Data are compared by their hashes, as long as the settings name them as the run's did.
#include "run/recorded_data.h"

#include <algorithm>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "results/fingerprint.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHead =
    "# caddie export wrote these settings beside the artifact that they made.\n";

/// Describes one part of the data: its setting, the member of a record with its hash, and how it is hashed.
struct RecordedPart {
  DataPart part;
  const char* setting;
  std::string DataRecord::*hash;
  std::string DataSettings::*place;
};
constexpr RecordedPart kParts[] = {
    {DataPart::kTrain, "data.train", &DataRecord::train, &DataSettings::train},
    {DataPart::kValidation, "data.validation", &DataRecord::validation, &DataSettings::validation},
    {DataPart::kTokenizer, "data.tokenizer", &DataRecord::tokenizer, &DataSettings::tokenizer}};

/// Returns what the comment on the hash of a setting begins with.
std::string comment_on(const char* setting) { return message("# hash of {}: ", {setting}); }

/// Returns what a tree says at `path`, as TOML text; "" where nothing is written. It takes a copy, because
/// reading marks what was read.
std::string written_at(Tree tree, const char* path) { return tree.has(path) ? tree.read_text(path) : ""; }

/// Returns the hashes in the comments at the top of a text.
DataRecord data_in_comments(const std::string& text) {
  DataRecord data;
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with('#')) break;
    for (const RecordedPart& part : kParts)
      if (std::string comment = comment_on(part.setting); line.starts_with(comment))
        data.*part.hash = line.substr(comment.size());
  }
  return data;
}

}  // namespace

std::string settings_beside_artifact(const DataRecord& data, const Tree& settings) {
  std::string text(kHead);
  for (const RecordedPart& part : kParts)
    if (!(data.*part.hash).empty()) text += comment_on(part.setting) + data.*part.hash + "\n";
  return text + "\n" + settings.resolved();
}

bool is_settings_beside_artifact(const fs::path& file) {
  return fs::is_regular_file(file) && read_file(file).starts_with(kHead);
}

DataRecord recorded_data(const fs::path& settings) {
  if (settings.filename() == kSettingsFile)
    return read_run_record(settings.parent_path()).value_or(RunRecord()).data;
  return is_settings_beside_artifact(settings) ? data_in_comments(read_file(settings)) : DataRecord();
}

DataRecord recorded_data_of(const fs::path& settings, const Tree& now) {
  DataRecord data = recorded_data(settings);
  if (data.train.empty() && data.validation.empty() && data.tokenizer.empty()) return data;
  Tree before = Tree::load(settings);
  for (const RecordedPart& part : kParts)
    if (written_at(before, part.setting) != written_at(now, part.setting)) (data.*part.hash).clear();
  return data;
}

void check_recorded_data(const fs::path& settings, const Tree& tree, const Experiment& experiment,
                         std::initializer_list<DataPart> parts) {
  DataRecord data = recorded_data_of(settings, tree);
  for (const RecordedPart& part : kParts) {
    const std::string &was = data.*part.hash, &place = experiment.data.*part.place;
    if (was.empty() || std::find(parts.begin(), parts.end(), part.part) == parts.end()) continue;
    const std::string& is = part.part == DataPart::kTokenizer ? file_hash(place) : data_hash(place);
    if (is != was)
      fail_usage(
          "{}: not what the run of {} read (its hash is {}, and was {}); bring that back, or name other data "
          "with -S {}=...",
          place, settings.string(), is.substr(0, 8), was.substr(0, 8), part.setting);
  }
}

}  // namespace caddie
