// SPDX-License-Identifier: Apache-2.0
// Experiment files and overrides: a text is a tree or an Error, and what a tree writes reads back to the same
// tree. The first line is an override, the rest is the file.
#include <caddie/error.h>

#include "config/read_all.h"
#include "config/tree.h"
#include "fuzz/target.h"

namespace caddie::fuzz::toml {

std::vector<std::string> seeds() {
  return {
      "train.lr=0.02\n[train]\nlr = 1e-3 # rate\nnames = [\"a\", 'b']\n[[axis]]\ntoggle = \"x\"\n[[axis]]\n",
      "~a.\"b c\"\na = { \"b c\" = 1, d = [[1, 2], [\"\\u00e9\"]] }\nt = 1979-05-27T07:32:00Z\n",
      "a.b.c=[1, 2]\n'quoted key' = \"\"\"two\nlines\"\"\"\nx = inf\ny = 0xff\n"};
}

void run(std::string_view bytes) {
  size_t end = bytes.find('\n');
  std::string_view assignment = bytes.substr(0, end);
  std::string_view file = end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
  try {
    Tree tree = Tree::parse(file, "fuzz");
    if (!assignment.empty()) tree.override_with(assignment);
    read_all(tree);
    std::string written = tree.canonical();
    Tree again = Tree::parse(written, "again");
    read_all(again);
    require(again.canonical() == written);
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(toml)

}  // namespace caddie::fuzz::toml
