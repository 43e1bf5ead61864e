// SPDX-License-Identifier: Apache-2.0
// Cells of CSV there and back, and tables for people.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "report/table.h"
#include "support/csv.h"

using namespace caddie;
using namespace caddie::testing;

TEST_CASE("cells of CSV go out and come back", "[report]") {
  CHECK(csv_cell("plain") == "plain");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  for (const char* plain :
       {"-0.5", "+0.00012", "-1e-05", "+.5", "-1.5E+3", "-inf", "-nan", "-", "+bigram_hash", "-xsa", "--help",
        "+a +b", "+a-b", "+lr=0.3", "+\u00e9t\u00e9", "1+1", "a=1"}) {
    INFO(plain);
    CHECK(csv_cell(plain) == plain);
  }
  for (const char* formula : {"=1+1", "@x", "\tx", "+1+1", "-2+3", "+-1", "-1.5.2", "-cmd|' /C calc'!A0",
                              "+SUM(A1:A9)", "-(1)", "+\"a\"", "+ 1", "-A1*2", "--1"}) {
    INFO(formula);
    CHECK_THAT(csv_cell(formula), Catch::Contains("'" + std::string(formula).substr(0, 1)));
  }
  CHECK(csv_cell("+1+1") == "'+1+1");
  CHECK(csv_cell("-2+3,4") == "\"'-2+3,4\"");
  CHECK(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
  TextTable table{{"a", "b"}, {{"1,2", "x\ny"}, {"", "\""}}};
  CHECK(table.csv() == "a,b\n\"1,2\",\"x\ny\"\n,\"\"\"\"\n");
  std::vector<std::vector<std::string>> rows = parse_csv(table.csv());
  REQUIRE(rows.size() == 3);
  CHECK(rows[1] == table.rows[0]);
  CHECK(rows[2] == table.rows[1]);
  CHECK(parse_csv("").empty());
}

TEST_CASE("tables for people", "[report]") {
  TextTable table{{"arm", "n"}, {{"+a_b", "3"}, {"±", "10"}}, "lr"};
  CHECK(table.terminal() == "arm    n\n+a_b   3\n±     10\n");
  CHECK(table.markdown() == "| arm | n |\n|---|---:|\n| +a\\_b | 3 |\n| ± | 10 |\n");
  CHECK_THAT(table.latex(), Catch::Contains("\\begin{tabular}{lr}") && Catch::Contains("+a\\_b & 3 \\\\"));
}

TEST_CASE("Cells keep their meaning wherever a table is printed", "[report]") {
  TextTable table{
      {"arm"}, {{"=1+1"}, {"-0.5"}, {"--help"}, {"[1, 2]"}, {"<b>x</b> <.0001"}, {"a\n\x1b[31m"}}, "l"};
  CHECK(table.csv() == "arm\n'=1+1\n-0.5\n--help\n\"[1, 2]\"\n<b>x</b> <.0001\n\"a\n\\x1b[31m\"\n");
  CHECK(table.terminal() == "arm\n=1+1\n-0.5\n--help\n[1, 2]\n<b>x</b> <.0001\na\\n\\x1b[31m\n");
  std::string latex = table.latex();
  CHECK(latex.find("\n{}[1, 2] \\\\\n") != latex.npos);
  CHECK(latex.find("-{}-help") != latex.npos);
  CHECK(latex.find("\\textless{}.0001") != latex.npos);
  CHECK(table.markdown().find("| \\<b>x\\</b> <.0001 |") != std::string::npos);
}
