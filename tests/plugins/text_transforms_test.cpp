// SPDX-License-Identifier: Apache-2.0
// What case_ops makes of texts, by hand.
#include <catch2/catch.hpp>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

std::unique_ptr<TextTransform> transform_called(const std::string& name) {
  return registry().make<TextTransform>(name, "test");
}

}  // namespace

TEST_CASE("case_ops: capitals become symbols, by the pattern of a word", "[plugins]") {
  auto transform = transform_called("case_ops");
  auto text_of = [&](const char* text) { return transform->apply(text).text; };
  CHECK(text_of("no capitals") == "no capitals");
  CHECK(text_of("The end") == "\uE001the end");
  CHECK(text_of("I A") == "\uE001i \uE001a");
  CHECK(text_of("NASA OK") == "\uE002nasa \uE002ok");
  CHECK(text_of("McDonald") == "\uE001mc\uE003donald");
  CHECK(text_of("iPhone aBC") == "i\uE003phone a\uE003b\uE003c");
  CHECK(text_of("ABc") == "\uE001a\uE003bc");
  CHECK(text_of("GPT2Go") == "\uE002gpt2\uE001go");    // a word ends where no ASCII letter stands
  CHECK(text_of("\u00c9COLE") == "\u00c9\uE002cole");  // other letters have no case
  CHECK(text_of("\uE001\uE004") == "\uE004\uE001\uE004\uE004");
  // Three bytes of the title's symbol count nothing, and neither do those that say that one is meant.
  CHECK(transform->apply("Hi\uE002").bytes == std::vector<uint8_t>{0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 1});
}

TEST_CASE("case_ops refuses text whose symbols have nothing to act on", "[plugins]") {
  auto transform = transform_called("case_ops");
  auto refuses = [&](const char* text, const char* why) {
    INFO(text);
    CHECK_THROWS_WITH(transform->invert(text), Catch::Contains(why));
  };
  for (const char* text : {"\uE001", "a\uE003", "\uE002", "\uE004"}) refuses(text, "a symbol ends the text");
  for (const char* text : {"\uE001 a", "\uE003 a",
                           "\uE002"
                           "1"})
    refuses(text, "stands no letter");
  for (const char* text : {"\uE002\uE001ab",
                           "\uE003\uE003"
                           "a"})
    refuses(text, "two symbols stand together");
  for (const char* text : {"a\uE001"
                           "b",
                           "a\uE002"
                           "b"})
    refuses(text, "stands inside a word");
  CHECK(transform->invert("\uE004x\uE004\uE001") == "x\uE001");
  CHECK(transform->invert("\uE002"
                          "abC d") == "ABC d");
}
