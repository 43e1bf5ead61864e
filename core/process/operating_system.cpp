// SPDX-License-Identifier: Apache-2.0
// The name stands in os-release, in quotes that a shell would take off.
#include "process/operating_system.h"

#include <sys/utsname.h>

#include <fstream>
#include <string_view>

namespace caddie {
namespace {

std::string pretty_name() {
  constexpr std::string_view kBefore = "PRETTY_NAME=";
  std::ifstream file("/etc/os-release");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kBefore)) continue;
    std::string name = line.substr(kBefore.size());
    bool quoted = name.size() >= 2 && name.front() == '"' && name.back() == '"';
    return quoted ? name.substr(1, name.size() - 2) : name;
  }
  return "";
}

}  // namespace

std::string operating_system() {
  std::string name = pretty_name();
  utsname kernel;
  if (::uname(&kernel) != 0) return name;
  std::string of_kernel = std::string(kernel.sysname) + " " + kernel.release;
  return name.empty() ? of_kernel : name + ", " + of_kernel;
}

}  // namespace caddie
