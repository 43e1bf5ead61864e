// SPDX-License-Identifier: Apache-2.0
// An axis with one value needs no level of the base: that value holds in every arm.
#include "sweep/axis_values.h"

#include <algorithm>
#include <set>

namespace caddie {

std::vector<std::string> distinct_values(Tree& sweep, const std::string& path) {
  std::vector<std::string> values = sweep.read_texts(path);
  if (values.empty()) sweep.fail_at(path, "there is no value in the list");
  if (std::set<std::string>(values.begin(), values.end()).size() != values.size())
    sweep.fail_at(path, "a value is listed twice; its runs would be the same runs");
  return values;
}

void choose_base_level(Factor& factor, const std::string& base, std::span<const std::string> values,
                       const std::function<bool(const std::string& value)>& is_base) {
  auto found = std::find_if(values.begin(), values.end(), is_base);
  if (found != values.end())
    factor.baseline = size_t(found - values.begin());
  else if (!base.empty() && values.size() > 1)
    factor.unlisted_base = base;
}

}  // namespace caddie
