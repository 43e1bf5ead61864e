// SPDX-License-Identifier: Apache-2.0
// libFuzzer target for experiment files and overrides: whatever the text, it is a tree or an Error, and what
// a tree writes reads back to the same tree.
//
//   build/release/bin/toml-fuzz -max_total_time=600 -rss_limit_mb=1024 build/toml-corpus experiments
//
// The first line is an override, the rest is the file.
#include <caddie/error.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "config/read_all.h"
#include "config/tree.h"

using namespace caddie;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  size_t end = text.find('\n');
  std::string_view assignment = text.substr(0, end);
  std::string_view file = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  try {
    Tree tree = Tree::parse(file, "fuzz");
    if (!assignment.empty()) tree.override_with(assignment);
    read_all(tree);
    std::string written = tree.canonical();
    Tree again = Tree::parse(written, "again");
    read_all(again);
    if (again.canonical() != written) __builtin_trap();
  } catch (const Error&) {
  }
  return 0;
}
