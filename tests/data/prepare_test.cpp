// SPDX-License-Identifier: Apache-2.0
// From text to a folder of shards: whole, once, and never half.
#include <caddie/error.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "data/corpus.h"
#include "data/prepare.h"
#include "data/shards.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "support/prepared_data.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

/// File name to hash, of every file in the folder; that of the manifest leaves out the command, which names
/// the folder.
std::map<std::string, std::string> hashes_in(const fs::path& folder) {
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::directory_iterator(folder))
    hashes[entry.path().filename()] = sha256_file(entry.path());
  Json manifest = Json::parse(read_file(folder / "manifest.json"));
  manifest.erase("command");
  hashes["manifest.json"] = sha256(manifest.dump());
  return hashes;
}

std::vector<std::string> decoded_documents(const std::string& pattern, const fs::path& model) {
  Tokenizer tokenizer(model);
  TokenStream stream(pattern);
  std::vector<int32_t> ids(size_t(stream.size()));
  stream.copy(0, stream.size(), ids.data());
  std::vector<std::string> documents;
  for (auto begin = ids.begin(); begin != ids.end();) {
    REQUIRE(*begin == tokenizer.begin_id());
    auto end = std::find(begin + 1, ids.end(), tokenizer.begin_id());
    documents.push_back(tokenizer.decode({begin + 1, end}));
    begin = end;
  }
  return documents;
}

}  // namespace

TEST_CASE("Prepared shards spell the documents, each on one side", "[data]") {
  TemporaryFolder folder;
  std::vector<std::string> documents = documents_of(data_file("prose.txt"));
  std::string text = documents.back() + "\n\n";  // a copy of a held-out document among the first
  text += read_file(data_file("prose.txt"));
  write_file(folder.path() / "text.txt", text);
  PrepareResult result = prepare(options_for(folder.path() / "text.txt", folder.path() / "out"));
  CHECK(result.duplicates_dropped == 1);
  CHECK(result.train.documents + result.validation.documents == 91);
  CHECK(result.validation.documents > 0);

  fs::path out = folder.path() / "out";
  std::vector<std::string> train = decoded_documents((out / "train_*.bin").string(), out / "tokenizer.model");
  std::vector<std::string> validation =
      decoded_documents((out / "val_*.bin").string(), out / "tokenizer.model");
  CHECK(int64_t(train.size()) == result.train.documents);
  std::vector<std::string> all = train;
  all.insert(all.end(), validation.begin(), validation.end());
  int64_t bytes = 0;
  for (std::string& document : documents) {
    std::replace(document.begin(), document.end(), '\n', ' ');
    bytes += int64_t(document.size());
  }
  CHECK(all == documents);
  CHECK(result.train.bytes + result.validation.bytes == bytes);
  TokenStream stream((out / "train_*.bin").string());
  CHECK(int64_t(stream.files().size()) == result.train.shards);
  CHECK(stream.size() == result.train.tokens);
  CHECK_NOTHROW(check_matches(stream, Vocabulary(out / "tokenizer.model", 0)));
}

TEST_CASE("Preparing again is a no-op, and never overwrites other data", "[data]") {
  TemporaryFolder folder;
  PrepareOptions options = options_for(data_file("prose.jsonl"), folder.path() / "out");
  options.tokenizer.clear();
  options.vocab = 400;
  PrepareResult first = prepare(options);
  CHECK_FALSE(first.already_done);
  CHECK(first.pieces == 400);
  auto hashes = hashes_in(options.output);
  PrepareResult second = prepare(options);
  CHECK(second.already_done);
  CHECK(second.train.tokens == first.train.tokens);
  CHECK(second.validation.bytes == first.validation.bytes);
  CHECK(hashes_in(options.output) == hashes);

  PrepareOptions elsewhere = options;
  elsewhere.output = folder.path() / "again/";
  prepare(elsewhere);
  CHECK(hashes_in(elsewhere.output) == hashes);

  options.vocab = 410;
  CHECK_THROWS_WITH(prepare(options),
                    Catch::Contains("already holds something that these inputs and settings"));
  CHECK(hashes_in(options.output) == hashes);
  options.vocab = 400;
  fs::resize_file(options.output / "train_000000.bin", 2000);
  CHECK_THROWS_WITH(prepare(options), Catch::Contains("train_000000.bin: truncated"));
}

TEST_CASE("A kill while data is prepared leaves nothing that looks finished", "[data]") {
  TemporaryFolder folder;
  std::string text;
  std::vector<std::string> documents = documents_of(data_file("prose.txt"));
  for (int copy = 0; copy < 20; ++copy)
    for (const std::string& document : documents) text += std::to_string(copy) + " " + document + "\n\n";
  write_file(folder.path() / "text.txt", text);
  PrepareOptions options = options_for(folder.path() / "text.txt", folder.path() / "out");
  options.shard_tokens = 400000;
  PrepareOptions undisturbed = options;
  undisturbed.output = folder.path() / "undisturbed";
  prepare(undisturbed);

  // The system kills a process that writes a file beyond its limit, here in the midst of the first shard.
  pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit = {500'000, 500'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      prepare(options);
    } catch (...) {
    }
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGXFSZ);
  CHECK_FALSE(fs::exists(options.output));
  REQUIRE(fs::exists(folder.path() / "out.partial/train_000000.bin"));
  CHECK_FALSE(fs::exists(folder.path() / "out.partial/manifest.json"));
  CHECK_THROWS_AS(Shard(folder.path() / "out.partial/train_000000.bin"), Error);

  CHECK_FALSE(prepare(options).already_done);
  CHECK_FALSE(fs::exists(folder.path() / "out.partial"));
  CHECK(hashes_in(options.output) == hashes_in(undisturbed.output));
}

TEST_CASE("Data go where a link leads, and never over what lies in the way", "[data]") {
  TemporaryFolder folder;
  PrepareOptions options = options_for(data_file("prose.jsonl"), folder.path() / "link");
  fs::create_directory(folder.path() / "real");
  fs::create_directory_symlink("real", options.output);
  fs::path precious = folder.path() / "real.partial/precious";
  write_file(precious, "text");
  CHECK_THROWS_WITH(prepare(options), Catch::Contains("real.partial: is in the way"));
  CHECK(read_file(precious) == "text");
  fs::remove_all(precious.parent_path());
  prepare(options);
  CHECK(fs::is_symlink(options.output));
  CHECK(fs::exists(folder.path() / "real/manifest.json"));
  CHECK_FALSE(fs::exists(folder.path() / "real/.caddie"));
}

TEST_CASE("Wrong options of prepare are usage errors that say what would be right", "[data]") {
  TemporaryFolder folder;
  const PrepareOptions good = options_for(data_file("prose.txt"), folder.path() / "out");
  auto refused = [&](auto change, const char* message) {
    PrepareOptions options = good;
    change(options);
    CHECK_THROWS_WITH(prepare(options), Catch::Contains(message));
    CHECK_FALSE(fs::exists(folder.path() / "out"));
    CHECK_FALSE(fs::exists(folder.path() / "out.partial"));
  };
  refused([](auto& o) { o.text.clear(); }, "no text");
  refused([](auto& o) { o.text = {"/nowhere/*.txt"}; }, "no file matches \"/nowhere/*.txt\"");
  refused([](auto& o) { o.text = {"~/a.txt"}; }, "\"~/a.txt\"; no shell replaces ~ here");
  refused([&](auto& o) { o.text = {folder.path().string()}; }, "it is a folder");
  refused([](auto& o) { o.text.push_back(o.text[0]); }, "named twice");
  refused([](auto& o) { o.validation_fraction = 1; }, "at least 0 and below 1");
  refused([](auto& o) { o.validation_fraction = 0.001; }, "raise --validation-fraction");
  refused([](auto& o) { o.shard_tokens = 0; }, "shards of 0 tokens");
  refused([](auto& o) { o.vocab = 65537; }, "16-bit ids");
  refused([](auto& o) { o.tokenizer = data_file("prose.txt"); }, "text/prose.txt: not a SentencePiece");
  refused(
      [](auto& o) {
        o.tokenizer.clear();
        o.vocab = 270;
      },
      "270 pieces are too few: 4 control ids, 256 bytes and the text's own characters need 3");
  fs::create_directories(folder.path() / "text");
  write_file(folder.path() / "text/empty.txt", "\n\n");
  refused([&](auto& o) { o.text = {(folder.path() / "text/*.txt").string()}; }, "hold no document");
}

TEST_CASE("Text that changes while it is prepared is refused by name, and nothing is kept", "[data]") {
  TemporaryFolder folder;
  fs::path text = folder.path() / "text.txt";
  write_file(text, read_file(data_file("prose.txt")));
  std::vector<Input> inputs = find_inputs({text.string()});
  CHECK_NOTHROW(check_unchanged(inputs));
  PrepareOptions options = options_for(text, folder.path() / "out");
  options.tokenizer.clear();
  options.vocab = 400;
  // The work folder appears when the inputs were found and hashed; the passes over them come after that.
  std::thread shrinking([&] {
    while (!fs::exists(folder.path() / "out.partial")) std::this_thread::yield();
    fs::resize_file(text, fs::file_size(text) / 2);
  });
  CHECK_THROWS_WITH(prepare(options), Catch::Contains("text.txt: was changed while it was in use"));
  shrinking.join();
  CHECK_FALSE(fs::exists(folder.path() / "out"));
  CHECK_FALSE(fs::exists(folder.path() / "out.partial"));
  CHECK_THROWS_WITH(check_unchanged(inputs), Catch::Contains("text.txt: was changed"));
  CHECK_FALSE(prepare(options).already_done);
}
