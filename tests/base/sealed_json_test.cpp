// SPDX-License-Identifier: Apache-2.0
#include "base/sealed_json.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>

#include "base/files.h"
#include "support/temporary_folder.h"

using namespace caddie;

namespace {

const Json kResult = {{"status", "done"}, {"val_bpb", 1.25}, {"arms", {{"a", 1}, {"b", nullptr}}}};

bool is_refused(const std::string& text) {
  try {
    unsealed(text, "summary.json");
    return false;
  } catch (const Error& error) {
    CHECK_THAT(error.what(), Catch::StartsWith("summary.json: damaged"));
    return true;
  }
}

}  // namespace

TEST_CASE("a sealed file gives back what was written", "[base]") {
  TemporaryFolder folder;
  std::filesystem::path file = folder.path() / "summary.json";
  for (const Json& json : {kResult, Json::object(), Json{{"text", "a\n\"seal\": \"b\""}}}) {
    write_sealed(file, json);
    CHECK(read_sealed(file) == json);
  }
}

TEST_CASE("every flipped bit and every truncation of a sealed file is found", "[base]") {
  const std::string text = sealed_text(kResult);
  REQUIRE_FALSE(is_refused(text));
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = text;
      flipped[i] = char(flipped[i] ^ (1 << bit));
      INFO("bit " << bit << " of byte " << i);
      CHECK(is_refused(flipped));
    }
    CHECK(is_refused(text.substr(0, i)));
  }
  CHECK(is_refused(text + " "));
  CHECK(is_refused(text + text));
}

TEST_CASE("files of versions without seals are read, and no other JSON than objects", "[base]") {
  CHECK(unsealed(kResult.dump(2) + "\n", "summary.json") == kResult);
  for (const char* text : {"", "null", "[1]", "{", "1"}) CHECK(is_refused(text));
}

TEST_CASE("bytes that are no UTF-8 do not keep a result from being written", "[base]") {
  Json json = {{"path", "data/\xff.bin"}};
  CHECK(unsealed(sealed_text(json), "run.json")["path"] == "data/\xef\xbf\xbd.bin");
}
