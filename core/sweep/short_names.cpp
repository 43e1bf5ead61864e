// SPDX-License-Identifier: Apache-2.0
// A name grows from the end of its path until no other path ends alike.
#include "sweep/short_names.h"

#include <algorithm>

#include "config/path.h"

namespace caddie {
namespace {

/// Returns the last `count` names of a path; all of them when there are fewer.
std::string end_of(const std::string& path, size_t count) {
  std::vector<std::string> names = split_path(path);
  if (count == 1) return names.back();
  std::string end;
  for (size_t i = names.size() - std::min(count, names.size()); i < names.size(); ++i)
    end = join_path(end, names[i]);
  return end;
}

}  // namespace

std::string ShortNames::of(const std::string& path) const {
  for (size_t count = 1; count < split_path(path).size(); ++count) {
    std::string name = end_of(path, count);
    bool is_taken = std::any_of(paths_.begin(), paths_.end(), [&](const std::string& other) {
      return other != path && end_of(other, count) == name;
    });
    if (!is_taken) return name;
  }
  std::vector<std::string> names = split_path(path);
  return names.size() == 1 ? names[0] : path;
}

}  // namespace caddie
