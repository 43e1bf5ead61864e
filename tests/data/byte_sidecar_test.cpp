// SPDX-License-Identifier: Apache-2.0
// Transformed text: what prepare() makes of it, and sidecars that are not those of their shards.
#include "data/byte_sidecar.h"

#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "base/files.h"
#include "base/json.h"
#include "data/inspect.h"
#include "data/tokenizer.h"
#include "plugin/registry.h"
#include "results/fingerprint.h"
#include "support/prepared_data.h"

using namespace caddie;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

NamedTransform case_ops() {
  static Registry registry;
  return {"case_ops", registry.make<TextTransform>("case_ops", "test")};
}

/// Options that train a tokenizer on what a transform makes of the text.
PrepareOptions options_with(const NamedTransform& transform, const fs::path& text, const fs::path& output) {
  PrepareOptions options = options_for(text, output);
  options.tokenizer.clear();
  options.vocab = 420;
  options.transform = transform;
  return options;
}

std::string pattern_in(const fs::path& folder) { return (folder / "val_*.bin").string(); }

std::vector<uint16_t> sidecar_in(const fs::path& folder) {
  return load_byte_sidecar(TokenStream(pattern_in(folder)), Vocabulary(folder / "tokenizer.model", 0));
}

/// Loses capitals.
struct Lossy final : TextTransform {
  TransformedText apply(std::string_view text) const override {
    TransformedText to{std::string(text), std::vector<uint8_t>(text.size(), 1)};
    for (char& c : to.text) c = c == 'T' ? 't' : c;
    return to;
  }
  std::string invert(std::string_view text) const override { return std::string(text); }
  std::vector<std::string> symbols() const override { return {}; }
};

}  // namespace

TEST_CASE("validation shards of transformed text have the bytes of the original in sidecars", "[data]") {
  TemporaryFolder folder;
  fs::path text = data_file("prose.txt"), out = folder / "out";
  PrepareOptions options = options_with(case_ops(), text, out);
  options.shard_tokens = 700;  // so that documents cross from one shard into the next
  PrepareResult result = prepare(options);
  REQUIRE(result.validation.shards > 1);

  Json manifest = Json::parse(read_file(out / "manifest.json"));
  CHECK(manifest.at("transform") == "case_ops");
  CHECK(manifest.at("splits").at("validation").at("shards").at(1).at("sidecar").at("file") ==
        "val_bytes_000001.bin");
  CHECK_FALSE(fs::exists(out / "train_bytes_000000.bin"));

  // The documents are the last ones of the text, and their bytes those of the text; tokens spell what the
  // transform made of them.
  std::vector<std::string> documents = documents_of(text);
  documents.erase(documents.begin(), documents.end() - result.validation.documents);
  std::string transformed;
  int64_t bytes = 0;
  for (const std::string& document : documents) {
    transformed += case_ops().plugin->apply(document).text;
    bytes += int64_t(document.size());
  }
  std::vector<uint16_t> sidecar = sidecar_in(out);
  CHECK(std::accumulate(sidecar.begin(), sidecar.end(), int64_t(0)) == bytes);
  CHECK(result.validation.bytes == bytes);
  CHECK(transformed.find("\uE001") != std::string::npos);
  Tokenizer tokenizer(out / "tokenizer.model");
  TokenStream stream(pattern_in(out));
  REQUIRE(int64_t(sidecar.size()) == stream.size());
  std::vector<int32_t> ids(sidecar.size());
  stream.copy(0, stream.size(), ids.data());
  for (size_t i = 0; i < ids.size(); ++i) {
    bool symbol = ids[i] == tokenizer.begin_id() || (ids[i] >= 4 && ids[i] < 8);  // none is literal here
    CHECK((sidecar[i] == 0) == symbol);
  }

  CHECK(prepare(options).already_done);
  FolderReport report = inspect(out, "");
  CHECK(report.problems.empty());
  CHECK(report.splits.at(1).bytes == bytes);
  options.transform = {};
  CHECK_THROWS_WITH(prepare(options), Contains("already holds something"));
}

TEST_CASE("each token counts the bytes of the text that it stands for", "[data]") {
  TemporaryFolder folder;
  prepare(options_with(case_ops(), data_file("prose.txt"), folder / "out"));
  Tokenizer tokenizer(folder / "out/tokenizer.model");
  std::vector<int32_t> ids, plain;
  std::vector<uint16_t> bytes;
  TransformedText text = case_ops().plugin->apply("Q\u00c9");  // two bytes of which no piece is made
  tokenizer.encode(text, ids, bytes);
  tokenizer.encode(text.text, plain);
  CHECK(ids == plain);
  CHECK(bytes == std::vector<uint16_t>{0, 1, 0, 2});
}

TEST_CASE("a transform that loses something, and a tokenizer without its symbols, prepare nothing",
          "[data]") {
  TemporaryFolder folder;
  fs::path text = data_file("prose.txt");
  PrepareOptions lossy = options_with({"lossy", std::make_shared<Lossy>()}, text, folder / "lossy");
  CHECK_THROWS_WITH(prepare(lossy), Contains("transform 'lossy'") && Contains("does not come back"));
  CHECK_FALSE(fs::exists(folder / "lossy"));
  PrepareOptions given = options_for(text, folder / "given");
  given.transform = case_ops();
  CHECK_THROWS_WITH(prepare(given), Contains("has no piece for the symbol") && Contains("'case_ops'"));
}

TEST_CASE("a sidecar that is missing, too short, damaged or another shard's is refused", "[data]") {
  TemporaryFolder folder;
  fs::path out = folder / "out", sidecar = out / "val_bytes_000000.bin";
  prepare(options_with(case_ops(), data_file("prose.txt"), out));
  std::vector<uint16_t> bytes = sidecar_in(out);
  REQUIRE_FALSE(bytes.empty());
  SECTION("missing, by the manifest") {
    fs::remove(sidecar);
    CHECK_THROWS_WITH(sidecar_in(out), Contains("val_000000.bin: its byte sidecar val_bytes_000000.bin is "
                                                "missing, and the manifest beside it tells of it"));
  }
  SECTION("missing, by the tokenizer") {
    fs::remove(sidecar);
    fs::remove(out / "manifest.json");
    CHECK_THROWS_WITH(sidecar_in(out), Contains("is missing, and the tokenizer has symbols"));
  }
  SECTION("missing for one of two shards") {
    write_shard(out / "val_000001.bin", std::vector<uint16_t>{1, 8});
    fs::remove(out / "manifest.json");
    CHECK_THROWS_WITH(sidecar_in(out), Contains("val_000001.bin: its byte sidecar"));
  }
  SECTION("of another length") {
    bytes.pop_back();
    write_shard(sidecar, bytes);
    CHECK_THROWS_WITH(sidecar_in(out), Contains("val_bytes_000000.bin: counts the bytes of"));
  }
  SECTION("cut off") {
    fs::resize_file(sidecar, fs::file_size(sidecar) - 1);
    CHECK_THROWS_WITH(sidecar_in(out), Contains("val_bytes_000000.bin: truncated"));
  }
  SECTION("of another shard") {
    bytes[0] = 1;
    write_shard(sidecar, bytes);
    CHECK_THROWS_WITH(sidecar_in(out), Contains("gives 1 bytes to token 0, which begins a document"));
  }
  SECTION("with other numbers than the manifest's hash tells of") {
    bytes[5] ^= 1;
    write_shard(sidecar, bytes);
    CHECK_THROWS_WITH(data_hash(pattern_in(out)), Contains("val_bytes_000000.bin: not the shard that"));
  }
  SECTION("but what counts by itself is the same for a text without sidecars") {
    std::string before = data_hash(pattern_in(out));
    fs::create_directory(folder / "copy");
    fs::copy_file(out / "val_000000.bin", folder / "copy/val_000000.bin");
    std::string alone = data_hash(pattern_in(folder / "copy"));
    CHECK(alone != before);
    fs::copy_file(sidecar, folder / "copy/val_bytes_000000.bin");
    CHECK_THROWS_WITH(check_still_hashed(TokenStream(pattern_in(folder / "copy"))), Contains("came or went"));
  }
}
