// SPDX-License-Identifier: Apache-2.0
// The rules of the house: which room may include which, that the core names no technique, and how files are
// laid out.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "plugin/slot_table.h"
#include "support/paths.h"

namespace {

namespace fs = std::filesystem;

const fs::path kSource = caddie::source_folder();

// From the ground floor up. A room may include itself and the rooms before it.
const std::vector<std::string> kRooms = {
    "sdk",        "base",  "process", "device", "tensor",   "comm",   "autograd",   "ops",  "config",
    "plugin",     "model", "data",    "train",  "evaluate", "export", "experiment", "laws", "results",
    "statistics", "run",   "bench",   "sweep",  "import",   "report", "submission", "cli"};

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> sources_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::string extension = entry.path().extension();
    if (extension == ".h" || extension == ".cpp" || extension == ".inl" || extension == ".cu")
      files.push_back(entry.path());
  }
  return files;
}

size_t floor_of(const std::string& room) {
  auto found = std::find(kRooms.begin(), kRooms.end(), room);
  INFO("room " << room);
  REQUIRE(found != kRooms.end());
  return size_t(found - kRooms.begin());
}

// Comments and what stands between quotes count too: a reader of the core should meet no technique at all.
std::set<std::string> words_of(const std::string& text) {
  std::set<std::string> words;
  std::string word;
  for (char c : text + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
      word += c;
    } else {
      words.insert(word);
      word.clear();
    }
  }
  return words;
}

}  // namespace

TEST_CASE("a room includes only rooms below it", "[house]") {
  std::regex include("#include \"([a-z_]+)/[^\"]+\"");
  for (const fs::path& file : sources_below(kSource / "core")) {
    std::string room = fs::relative(file, kSource / "core").begin()->string();
    std::string text = text_of(file);
    for (std::sregex_iterator hit(text.begin(), text.end(), include), end; hit != end; ++hit) {
      INFO(file.string() << " includes " << (*hit)[1]);
      CHECK(floor_of((*hit)[1]) <= floor_of(room));
    }
  }
}

TEST_CASE("folders are removed in one place, which removes none without Caddie's mark", "[house]") {
  for (const fs::path& file : sources_below(kSource / "core")) {
    if (file.stem() == "owned_folder") continue;
    INFO(file.string());
    CHECK(text_of(file).find("remove_all") == std::string::npos);
  }
}

TEST_CASE("the SDK includes itself and the standard library only", "[house]") {
  std::regex include("#include [<\"]([^>\"]+)[>\"]");
  for (const fs::path& file : sources_below(kSource / "core" / "sdk")) {
    std::string text = text_of(file);
    for (std::sregex_iterator hit(text.begin(), text.end(), include), end; hit != end; ++hit) {
      std::string name = (*hit)[1];
      INFO(file.string() << " includes " << name);
      CHECK((name.starts_with("caddie/") || name == "cuda_runtime.h" || name.find('/') == std::string::npos));
      CHECK((name != "functional" && name != "regex" && name != "iostream"));
    }
  }
}

TEST_CASE("plugins include the SDK, the standard library, their codec and headers beside them only",
          "[house]") {
  std::regex include("#include \"([^\"]+)\"");
  for (const fs::path& file : sources_below(kSource / "plugins")) {
    std::string text = text_of(file);
    for (std::sregex_iterator hit(text.begin(), text.end(), include), end; hit != end; ++hit) {
      std::string name = (*hit)[1];
      INFO(file.string() << " includes " << name);
      CHECK((name.find('/') == std::string::npos && fs::exists(file.parent_path() / name)));
    }
  }
}

TEST_CASE("the core and the plugins name no technique but their own", "[house]") {
  // Names that are also words of the field or of the language.
  const std::set<std::string> kWords = {"default",    "constant", "standard", "tied",       "untied",
                                        "orthogonal", "cosine",   "ternary",  "percentile", "magnitude",
                                        "int8",       "fp16",     "fp32",     "sequential"};
  std::set<std::string> techniques;
  for (const fs::path& file : sources_below(kSource / "plugins"))
    if (file.extension() == ".cpp" && !kWords.count(file.stem())) techniques.insert(file.stem());
  REQUIRE(techniques.size() > 20);
  const std::set<std::string> kLibraries = {"zlib", "zstd", "lzma",
                                            "brotli"};  // the core reads packed text files
  for (const char* folder : {"core", "plugins"})
    for (const fs::path& file : sources_below(kSource / folder))
      for (const std::string& word : words_of(text_of(file))) {
        if (word == file.stem() || kLibraries.count(word)) continue;
        INFO(file.string() << " names " << word);
        CHECK(techniques.count(word) == 0);
      }
}

TEST_CASE("every file says its licence first", "[house]") {
  for (const char* folder : {"core", "plugins", "tests"})
    for (const fs::path& file : sources_below(kSource / folder)) {
      INFO(file.string());
      CHECK(text_of(file).starts_with("// SPDX-License-Identifier: Apache-2.0\n"));
    }
}

TEST_CASE("nothing that throws writes to stderr", "[house]") {
  std::regex throwing("(fmt::print|std::print|fmt::vprint)\\(\\s*stderr|std::cerr");
  for (const fs::path& file : sources_below(kSource / "core")) {
    INFO(file.string());
    CHECK_FALSE(std::regex_search(text_of(file), throwing));
  }
}

TEST_CASE("no file has more than 400 lines", "[house]") {
  for (const char* folder : {"core", "plugins", "tests"})
    for (const fs::path& file : sources_below(kSource / folder)) {
      std::string text = text_of(file);
      INFO(file.string());
      CHECK(std::count(text.begin(), text.end(), '\n') <= 400);
    }
}

TEST_CASE("no two files of tests have the same name, by which their cases are chosen", "[house]") {
  std::map<std::string, fs::path> seen;
  for (const fs::path& file : sources_below(kSource / "tests")) {
    if (!file.stem().string().ends_with("_test")) continue;
    INFO(file.string() << " and " << seen[file.stem().string()].string());
    CHECK(seen[file.stem().string()].empty());
    seen[file.stem().string()] = file;
  }
}

TEST_CASE("the README of plugins lists every kind", "[house]") {
  std::string text = text_of(kSource / "plugins/README.md");
  for (const caddie::Slot& slot : caddie::slot_table()) {
    INFO(slot.name);
    CHECK(text.find("| " + std::string(slot.name) + "s | `") != std::string::npos);
  }
}

TEST_CASE("the README lists every room", "[house]") {
  std::string text = text_of(kSource / "README.md");
  size_t at = text.find("| room |");
  for (const std::string& room : kRooms) {
    size_t end = text.find("\n\n", at);
    INFO(room);
    std::regex word("\\| ([a-z, ]*\\b)?" + room + "\\b[a-z, ]*\\|");
    CHECK(std::regex_search(text.begin() + std::ptrdiff_t(at), text.begin() + std::ptrdiff_t(end), word));
  }
}
