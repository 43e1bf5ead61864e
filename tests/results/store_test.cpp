// SPDX-License-Identifier: Apache-2.0
// The store of stages: each made once, found again only when it was finished, and never lost to a
// half-written file.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/owned_folder.h"
#include "results/claim.h"
#include "results/stage_records.h"
#include "results/store.h"
#include "support/temporary_folder.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// Makes a stage with one file and counts how often it had to.
struct Maker {
  int made = 0;
  Json operator()(const fs::path& folder) {
    write_file(folder / "weights", std::to_string(++made));
    return {{"made", made}};
  }
};

}  // namespace

TEST_CASE("a stage is made once and found again", "[results]") {
  TemporaryFolder folder;
  Maker maker;
  {
    Store store(folder / "store");
    CHECK_FALSE(store.find("train-1"));
    CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 1}});
    CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 1}});
    CHECK(store.get("train-2", std::ref(maker)) == Json{{"made", 2}});
  }
  Store again(folder / "store");
  CHECK(again.find("train-1") == Json{{"made", 1}});
  CHECK(read_file(again.folder("train-1") / "weights") == "1");
  CHECK_FALSE(is_claimed(again.folder("train-1")));
}

TEST_CASE("a stage whose record does not suffice is made anew", "[results]") {
  TemporaryFolder folder;
  Store store(folder.path());
  Maker maker;
  store.get("average-1", std::ref(maker));
  auto second = [](const Json& record) { return record.at("made") == 2; };
  CHECK(store.get("average-1", std::ref(maker), second) == Json{{"made", 2}});
  CHECK(store.get("average-1", std::ref(maker), second) == Json{{"made", 2}});
  CHECK(maker.made == 2);
}

TEST_CASE("a stage without its record, or with half of one, is not finished", "[results]") {
  TemporaryFolder folder;
  Store store(folder.path());
  CHECK_THROWS_WITH(store.get("train-1",
                              [](const fs::path& place) -> Json {
                                write_file(place / "weights", "half");
                                throw Error("killed");
                              }),
                    "killed");
  CHECK(fs::exists(folder / "train-1/weights"));
  CHECK_FALSE(store.find("train-1"));
  CHECK_FALSE(is_claimed(store.folder("train-1")));
  Maker maker;
  store.get("train-1", std::ref(maker));
  for (const char* damage : {"", "{\"made\": ", "[1]", "\"text\""}) {
    INFO(damage);
    folder.write("train-1/stage.json", damage);
    CHECK_FALSE(store.find("train-1"));
  }
  CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 2}});
}

TEST_CASE("a stage whose files were changed or are gone is made anew, and that is said", "[results]") {
  TemporaryFolder folder;
  std::vector<std::string> warnings;
  Store store(folder.path(), {}, [&](const std::string& text) { warnings.push_back(text); });
  Maker maker;
  store.get("train-1", std::ref(maker));
  CHECK(store.damage("train-1").empty());
  folder.write("train-1/weights", "2");
  CHECK_THAT(store.damage("train-1"), Catch::EndsWith("train-1/weights was changed after it was written"));
  CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 2}});
  fs::remove(folder / "train-1/weights");
  CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 3}});
  CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 3}});
  REQUIRE(warnings.size() == 2);
  CHECK_THAT(warnings[1], Catch::EndsWith("train-1/weights is missing; it is made again"));
}

TEST_CASE("a whole record that is not of the stage's kind is made again", "[results]") {
  TemporaryFolder folder;
  Store store(folder.path());
  auto average = [&](const char* weights) {
    return store.get("average-1", [&](const fs::path&) { return AverageRecord{"train-1", weights}; }).weights;
  };
  CHECK(average("a") == "a");
  CHECK(average("b") == "a");
  for (const Json& other : {Json{{"training", "train-1"}}, Json{{"training", 1}, {"weights", "a"}},
                            Json{{"training", "train-1"}, {"weights", nullptr}}, Json::object()}) {
    INFO(other.dump());
    store.put("average-1", [&](const fs::path&) { return other; });
    CHECK(store.find("average-1") == other);
    CHECK_FALSE(store.find_as<AverageRecord>("average-1"));
    CHECK(average("c") == "c");
  }
}

TEST_CASE("a record with a flipped bit is no record", "[results]") {
  TemporaryFolder folder;
  Store store(folder.path());
  Maker maker;
  store.get("train-1", std::ref(maker));
  std::string text = read_file(folder / "train-1/stage.json");
  text[text.find("\"made\"") + 8] ^= 2;  // 1 becomes 3
  folder.write("train-1/stage.json", text);
  CHECK_FALSE(store.find("train-1"));
}

TEST_CASE("who wants a stage that another makes waits for it, or gives up", "[results]") {
  TemporaryFolder folder;
  make_owned_folder(folder / "train-1");
  std::optional<FolderClaim> other = FolderClaim::take(folder / "train-1");
  REQUIRE(other);
  int asked = 0;
  Maker maker;
  SECTION("it takes the other's word when that is done") {
    Store store(folder.path(), [&] {
      if (++asked < 2) return;
      other.reset();
      Store(folder.path()).put("train-1", [](const fs::path&) -> Json { return {{"made", 7}}; });
    });
    CHECK(is_claimed(store.folder("train-1")));
    CHECK(store.get("train-1", std::ref(maker)) == Json{{"made", 7}});
    CHECK(asked == 2);
    CHECK(maker.made == 0);
  }
  SECTION("it may be told to wait no longer") {
    Store store(folder.path(), [] { throw Error("interrupted"); });
    CHECK_THROWS_WITH(store.get("train-1", std::ref(maker)), "interrupted");
    CHECK(maker.made == 0);
  }
}

TEST_CASE("a stage is forgotten whole, unless somebody is at work on it", "[results]") {
  TemporaryFolder folder;
  Store store(folder.path());
  Maker maker;
  store.get("train-1", std::ref(maker));
  {
    std::optional<FolderClaim> other = FolderClaim::take(folder / "train-1");
    REQUIRE(other);
    CHECK_THROWS_WITH(store.forget("train-1"), Catch::Contains("train-1: process "));
    CHECK(store.find("train-1"));
  }
  store.forget("train-1");
  CHECK_FALSE(store.find("train-1"));
  CHECK_FALSE(fs::exists(folder / "train-1/weights"));
  CHECK_NOTHROW(store.forget("train-none"));
  folder.write("train-2/precious", "text");
  CHECK_THROWS_WITH(store.forget("train-2"), Catch::Contains("train-2: Caddie removes only folders that it"));
  CHECK(fs::exists(folder / "train-2/precious"));
}

TEST_CASE("a file of the store and its copy in a run never change each other", "[results]") {
  TemporaryFolder folder;
  fs::path file = folder.write("store/weights", "one"), copy = folder.write("run/weights", "old");
  place_file(file, copy);
  CHECK(read_file(copy) == "one");
  write_file(file, "two");
  CHECK(read_file(copy) == "one");
  place_file(file, copy);
  write_file(copy, "three");
  CHECK(read_file(file) == "two");
  CHECK_THROWS_WITH(place_file(folder / "none", copy), Catch::Contains("cannot copy"));
  CHECK(read_file(copy) == "three");
}
