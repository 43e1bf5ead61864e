// SPDX-License-Identifier: Apache-2.0
// Reading a whole tree at once, and comparing values by what they mean.
#include <catch2/catch.hpp>

#include "config/differences.h"
#include "config/read_all.h"
#include "config/toml_value.h"
#include "config/tree.h"

using namespace caddie;

TEST_CASE("read_all reads every value, names with dots too", "[config]") {
  Tree tree = Tree::parse("\"a.b\" = 1\nc = [1, 2]\n[d.e]\nf = true\n[[g]]\nh = \"x\"\n", "text");
  CHECK(tree.values().empty());
  read_all(tree);
  std::vector<std::string> paths;
  for (const Tree::Value& value : tree.values()) paths.push_back(value.path);
  CHECK(paths == std::vector<std::string>{"\"a.b\"", "c", "d.e.f", "g.0.h"});
  CHECK_NOTHROW(tree.check_all_read());
}

TEST_CASE("values are equal however TOML writes them", "[config]") {
  CHECK(same_value("16_000_000", "16000000.0"));
  CHECK(same_value("'a'", "\"a\""));
  CHECK_FALSE(same_value("1", "\"1\""));
  CHECK_FALSE(same_value("true", "1"));
  CHECK(unquoted("\"a b\"") == "a b");
  CHECK(unquoted("[1]") == "[1]");
  CHECK(unquoted("3") == "3");
}

TEST_CASE("differences name the paths that differ, absent ones too", "[config]") {
  CHECK(differences(Tree::parse("a = 1\n[b]\nc = 2\n", "a"),
                    Tree::parse("a = 1\n[b]\nc = 3\nd = \"x\"\n", "b")) ==
        std::vector<std::string>{"b.c: 2 -> 3", "b.d: (none) -> \"x\""});
  CHECK(differences(Tree::parse("a = 1\n\"b.c\" = 2", "a"), Tree::parse("\"b.c\" = 2\na = 1", "b")).empty());
}
