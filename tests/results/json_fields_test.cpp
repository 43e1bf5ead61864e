// SPDX-License-Identifier: Apache-2.0
// One visit of a struct's members writes a JSON object and reads it back.
#include "results/json_fields.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>

using namespace caddie;

namespace {

struct Inner {
  int64_t number = 0;
  std::string word;
  template <class Fields>
  void fields(Fields& f) {
    f("number", number);
    f.maybe("word", word);
  }
};

struct Outer {
  std::string name;
  std::optional<double> rate;
  std::optional<Labelled<double>> verdicts;
  Labelled<Inner> by_label;
  std::vector<Inner> list;
  Inner nested;
  std::optional<bool> flag;
  template <class Fields>
  void fields(Fields& f) {
    f("name", name);
    f.maybe("rate", rate);
    f.maybe("verdicts", verdicts);
    f.maybe("by_label", by_label);
    f.maybe("list", list);
    f("nested", nested);
    f.maybe("flag", flag);
  }
};

struct Counts {
  size_t arm = 0;
  int small = 0;
  std::vector<int64_t> seeds;
  template <class Fields>
  void fields(Fields& f) {
    f.maybe("arm", arm);
    f.maybe("small", small);
    f.maybe("seeds", seeds);
  }
};

}  // namespace

TEST_CASE("a struct comes back from the JSON that it was written as", "[json_fields]") {
  Outer outer;
  outer.name = "x";
  outer.rate = 0.1;
  outer.by_label = {{"z", {1, "one"}}, {"a", {2, ""}}};
  outer.list = {{3, ""}};
  outer.nested = {4, "four"};
  outer.flag = false;
  Json json = written(outer);
  CHECK(json.dump() ==
        R"({"name":"x","rate":0.1,"by_label":{"z":{"number":1,"word":"one"},"a":{"number":2}},)"
        R"("list":[{"number":3}],"nested":{"number":4,"word":"four"},"flag":false})");
  auto again = read_fields<Outer>(json);
  CHECK(written(again) == json);
  CHECK(again.by_label[1].second.number == 2);
  CHECK(!again.verdicts);
}

TEST_CASE("what is empty is left out only where it may be missing", "[json_fields]") {
  CHECK(written(Outer()).dump() == R"({"name":"","nested":{"number":0}})");
  Outer judged;
  judged.verdicts.emplace();  // judged, and nothing found
  CHECK(written(judged).contains("verdicts"));
  CHECK(read_fields<Outer>(written(judged)).verdicts.has_value());
}

TEST_CASE("members that are missing, null or unknown", "[json_fields]") {
  auto found =
      read_fields<Outer>(Json::parse(R"({"name":"x","rate":null,"later":[1],"nested":{"number":1}})"));
  CHECK(!found.rate);
  CHECK(found.nested.number == 1);
  CHECK_THROWS_WITH(read_fields<Outer>(Json::parse(R"({"name":"x","nested":{}})")),
                    "nested: member 'number' is missing");
  CHECK_THROWS_WITH(read_fields<Outer>(Json::parse(R"({"name":1,"nested":{"number":1}})")),
                    "name: type must be string, but is number");
}

TEST_CASE("a whole number is read when its type can hold it, and else named", "[json_fields]") {
  auto counts = [](const char* text) { return read_fields<Counts>(Json::parse(text)); };
  CHECK(counts(R"({"arm":18446744073709551615})").arm == SIZE_MAX);
  CHECK(counts(R"({"seeds":[-9223372036854775808]})").seeds[0] == INT64_MIN);
  CHECK_THROWS_WITH(counts(R"({"arm":-1})"), "arm: -1 is no whole number from 0 to 18446744073709551615");
  CHECK_THROWS_WITH(counts(R"({"small":2147483648})"),
                    "small: 2147483648 is no whole number from -2147483648 to 2147483647");
  for (const char* wrong : {"1.5", "9223372036854775808", "1e300", "true", "\"1\""}) {
    INFO(wrong);
    CHECK_THROWS_WITH(counts(("{\"seeds\":[" + std::string(wrong) + "]}").c_str()),
                      Catch::StartsWith("seeds: ") && Catch::Contains("is no whole number from -92"));
  }
}
