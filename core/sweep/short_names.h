// SPDX-License-Identifier: Apache-2.0
// Levels are labelled by the end of their setting's path: "lr=0.01" for optimizers.token.lr.
#pragma once

#include <string>
#include <vector>

namespace caddie {

/// Holds the paths of everything that varies in one sweep.
class ShortNames {
 public:
  explicit ShortNames(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  /// Returns as much of the path's end as tells it from the other paths: "matrix.lr" beside
  /// optimizers.token.lr. The whole path is the name where that takes all of it.
  std::string of(const std::string& path) const;

 private:
  std::vector<std::string> paths_;
};

}  // namespace caddie
