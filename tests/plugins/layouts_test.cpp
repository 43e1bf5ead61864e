// SPDX-License-Identifier: Apache-2.0
// Layouts of integers: their bytes, worked out by hand, and what damaged ones lead to.
#include <catch2/catch.hpp>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

Array matrix(const Shape& shape, const std::string& bytes) { return {"q", Type::kInt8, shape, bytes}; }

std::vector<std::string> restored(const std::string& bytes, const std::string& name, const Shape& shape) {
  Array array = matrix(shape, "");
  NamedArray named{name, &array};
  return make_plugin<Layout>("grouped_rows")->restore(bytes, {&named, 1});
}

}  // namespace

TEST_CASE("grouped_rows chains like rows, and writes columns", "[layouts]") {
  Array table = matrix({3, 2}, std::string("\0\0\x09\x09\x01\0", 6)), out = matrix({2, 3}, "abcdef");
  Array vector = matrix({3}, "xyz");
  const NamedArray arrays[] = {
      {"tok_emb.weight", &table}, {"blocks.0.mlp.proj.weight", &out}, {"tok_emb.weight", &vector}};
  auto layout = make_plugin<Layout>("grouped_rows");
  std::string bytes = layout->arrange(arrays);
  // From row 0 the third row is nearer, at distance 1, than the second, at 18.
  const std::string expected = std::string("\x02\0\0\x02\0\x01\0", 7) + std::string("\0\x01\x09\0\0\x09", 6) +
                               "\x01"
                               "adbecf" +
                               std::string("\0xyz", 4);
  CHECK(bytes == expected);
  std::vector<std::string> back = layout->restore(bytes, arrays);
  CHECK(back == std::vector<std::string>{table.bytes, out.bytes, vector.bytes});
}

TEST_CASE("grouped_rows goes to the first of equally near rows, by signed distance", "[layouts]") {
  Array array = matrix({4, 1}, std::string("\x00\x80\x05\xfb", 4));  // 0, -128, 5, -5
  NamedArray named{"tok_emb.weight", &array};
  std::string bytes = make_plugin<Layout>("grouped_rows")->arrange({&named, 1});
  CHECK(bytes == std::string("\x02\0\0\x02\0\x03\0\x01\0\x00\x05\xfb\x80", 13));
}

TEST_CASE("grouped_rows refuses what it cannot have written", "[layouts]") {
  const std::string order("\x02\x01\0\0\0", 5);
  CHECK(restored(order + "cadb", "w", {2, 2}) == std::vector<std::string>{"abcd"});
  CHECK_THROWS_WITH(restored(std::string("\x02\x01\0\x01\0", 5) + "cadb", "w", {2, 2}),
                    Contains("row 1 of w comes twice"));
  CHECK_THROWS_WITH(restored(std::string("\x02\x02\0\0\0", 5) + "cadb", "w", {2, 2}),
                    Contains("none of its 2 rows"));
  CHECK_THROWS_WITH(restored("\x03"
                             "abcd",
                             "w", {2, 2}),
                    Contains("unknown form 3"));
  CHECK_THROWS_WITH(restored("\x01"
                             "abcd",
                             "w", {4}),
                    Contains("unknown form 1"));
  CHECK_THROWS_WITH(restored("\x01", "w", {int64_t(1) << 40, 0}), Contains("unknown form 1"));
  CHECK_THROWS_WITH(restored("\x01"
                             "abc",
                             "w", {2, 2}),
                    Contains("truncated"));
  CHECK_THROWS_WITH(restored("\x01"
                             "abcde",
                             "w", {2, 2}),
                    Contains("1 bytes follow"));
}
