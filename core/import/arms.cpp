// SPDX-License-Identifier: Apache-2.0
// Runs with one key are of one arm; labels are made when all keys are known.
#include "import/arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "config/node.h"
#include "import/line_fields.h"

namespace caddie {
namespace {

constexpr size_t kLongestValue = 32, kMostNamed = 4;
constexpr std::string_view kFolderKey = "folder";

std::string folder_name_of(const ForeignRun& run) {
  namespace fs = std::filesystem;
  fs::path folder = fs::absolute(run.source.folder.empty() ? "." : run.source.folder).lexically_normal();
  return without_slash(folder).filename().string();
}

/// Makes a text fit for a label, in which a colon would part the sweep from the arm.
std::string fit_for_label(std::string text) {
  for (char& c : text)
    if (c == ':' || static_cast<unsigned char>(c) < 0x20) c = '_';
  return text.empty() ? "runs" : text;
}

/// Returns "name=value" with the value as people read it.
std::string named_value(const std::string& name, const std::string& toml) {
  bool quoted = toml.size() >= 2 && toml.front() == '"';
  std::string value = toml.empty() ? "-" : quoted ? toml.substr(1, toml.size() - 2) : toml;
  std::replace(value.begin(), value.end(), ' ', '_');
  return name + "=" + std::string(first_characters(value, kLongestValue));
}

/// Groups runs and names the groups.
class Grouper {
 public:
  Grouper(const std::vector<ForeignRun>& runs, const Grouping& grouping) : runs_(runs), grouping_(grouping) {
    for (const ForeignRun& run : runs) settings_.push_back(arm_settings(run));
  }

  std::vector<ArmGroup> group() {
    check_keys();
    bool by_folder = groups_by_folder();
    for (size_t i = 0; i < runs_.size(); ++i) {
      std::string key = key_of(i, by_folder);
      auto same = [&](const std::string& other) { return other == key; };
      auto found = std::find_if(keys_.begin(), keys_.end(), same);
      if (found == keys_.end()) {
        keys_.push_back(key);
        groups_.push_back({"", {i}});
      } else {
        groups_[size_t(found - keys_.begin())].runs.push_back(i);
      }
    }
    for (ArmGroup& group : groups_) group.label = label_of(group, by_folder);
    make_unique();
    return std::move(groups_);
  }

 private:
  void check_keys() const {
    std::set<std::string> names{std::string(kFolderKey)};
    for (const ForeignRun& run : runs_)
      for (const auto& [name, text] : run.settings) names.insert(name);
    std::vector<std::string> known(names.begin(), names.end());
    for (const std::string& key : grouping_.keys)
      if (!names.contains(key))
        fail_usage("--group-by: no run has a setting '{}'{}", key, suggestion(key, known));
  }

  bool groups_by_folder() const {
    if (!grouping_.keys.empty())
      return std::count(grouping_.keys.begin(), grouping_.keys.end(), kFolderKey) > 0;
    std::map<std::string, int> count;
    for (const ForeignRun& run : runs_) ++count[run.source.folder];
    return count.size() > 1 &&
           std::any_of(count.begin(), count.end(), [](const auto& folder) { return folder.second > 1; });
  }

  /// Returns the settings that tell the arm of a run.
  std::map<std::string, std::string> telling(size_t i) const {
    if (grouping_.keys.empty()) return settings_[i];
    std::map<std::string, std::string> chosen;
    for (const std::string& key : grouping_.keys)
      if (key != kFolderKey) chosen[key] = toml_of(runs_[i].setting(key));
    return chosen;
  }

  std::string key_of(size_t i, bool by_folder) const {
    if (!grouping_.arm.empty()) return grouping_.arm;
    const ForeignRun& run = runs_[i];
    if (!run.arm.empty() && grouping_.keys.empty()) return "arm\n" + run.arm;
    std::string key = by_folder ? run.source.folder + "\n" : "\n";
    for (const auto& [name, value] : telling(i)) key += name + "=" + value + "\n";
    return key;
  }

  /// Returns the names of settings that differ between the groups of one folder, or of all: first those that
  /// all of these have, then, where they are few, those that some lack.
  std::vector<std::string> names_for(const ArmGroup& group, bool by_folder) const {
    std::map<std::string, std::set<std::string>> values;
    std::map<std::string, size_t> owners;
    size_t groups = 0;
    for (const ArmGroup& other : groups_) {
      if (by_folder && runs_[other.runs[0]].source.folder != runs_[group.runs[0]].source.folder) continue;
      ++groups;
      for (const auto& [name, value] : telling(other.runs[0])) {
        values[name].insert(value);
        ++owners[name];
      }
    }
    std::vector<std::string> of_all, of_some;
    for (const auto& [name, its] : values) {
      if (owners[name] < groups)
        of_some.push_back(name);
      else if (its.size() > 1)
        of_all.push_back(name);
    }
    if (of_all.size() + of_some.size() <= kMostNamed)
      of_all.insert(of_all.end(), of_some.begin(), of_some.end());
    return of_all;
  }

  std::string label_of(const ArmGroup& group, bool by_folder) const {
    const ForeignRun& first = runs_[group.runs[0]];
    if (!grouping_.arm.empty()) return grouping_.arm;
    if (!first.arm.empty() && grouping_.keys.empty()) return fit_for_label(first.arm);
    std::vector<std::string> names = names_for(group, by_folder), parts;
    if (by_folder || names.empty()) parts.push_back(folder_name_of(first));
    std::map<std::string, std::string> own = telling(group.runs[0]);
    for (size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
      parts.push_back(named_value(names[i], own.contains(names[i]) ? own[names[i]] : ""));
    return fit_for_label(join(parts, " "));
  }

  void make_unique() {
    std::set<std::string> labels;
    for (ArmGroup& group : groups_) {
      std::string label = group.label;
      for (int n = 2; !labels.insert(label).second; ++n) label = fmt::format("{} ({})", group.label, n);
      group.label = label;
    }
  }

  const std::vector<ForeignRun>& runs_;
  const Grouping& grouping_;
  std::vector<std::map<std::string, std::string>> settings_;
  std::vector<ArmGroup> groups_;
  std::vector<std::string> keys_;  // the key of each group
};

}  // namespace

std::string toml_of(std::string_view text) {
  if (text == "True" || text == "true") return "true";
  if (text == "False" || text == "false") return "false";
  bool is_plain = !text.empty() && text.find_first_not_of("+-.0123456789eE") == std::string_view::npos;
  std::optional<double> number = is_plain ? number_in(text) : std::nullopt;
  std::optional<int64_t> whole = is_plain && number ? whole_in(text) : std::nullopt;
  if (whole) return std::to_string(*whole);
  TreeNode node;
  if (number && std::isfinite(*number)) {
    node.kind = TreeNode::Kind::real;
    node.value = *number;
  } else {
    node.kind = TreeNode::Kind::string;
    node.value = printable(text);
  }
  return toml_text(node);
}

std::map<std::string, std::string> arm_settings(const ForeignRun& run) {
  std::map<std::string, std::string> settings;
  for (const auto& [name, text] : run.settings)
    if (!is_incidental(name)) settings[name] = toml_of(text);
  return settings;
}

std::vector<std::string> differing_settings(const std::vector<ForeignRun>& runs,
                                            const std::vector<size_t>& among) {
  std::map<std::string, std::map<std::string, size_t>>
      values;  // how many runs have a value, by name and value
  for (size_t i : among)
    for (const auto& [name, value] : arm_settings(runs[i])) ++values[name][value];
  std::vector<std::string> names;
  for (const auto& [name, counts] : values)
    if (counts.size() > 1 || counts.begin()->second < among.size()) names.push_back(name);
  return names;
}

std::vector<ArmGroup> group_runs(const std::vector<ForeignRun>& runs, const Grouping& grouping) {
  return Grouper(runs, grouping).group();
}

}  // namespace caddie
