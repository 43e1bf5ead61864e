// SPDX-License-Identifier: Apache-2.0
// Counts what shards hold, compares their hashes with the manifest, and writes the report.
#include "data/inspect.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "base/entropy.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "data/byte_sidecar.h"
#include "data/shards.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"

namespace caddie {
namespace fs = std::filesystem;

namespace {

constexpr size_t kIds = 65536;
constexpr int64_t kChunk = 1 << 20;
constexpr int64_t kSampleTokens = 120;

struct SplitFiles {
  const char* name;     // the split's name in reports and in the manifest
  const char* pattern;  // the pattern that the names of its shards match
};
constexpr SplitFiles kSplits[] = {{"train", "*train_*.bin"}, {"validation", "*val_*.bin"}};

std::vector<fs::path> shards_in(const fs::path& folder, const char* pattern) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : entries_of(folder))
    if (matches(pattern, entry.path().filename().string()) && !is_sidecar(entry.path()))
      files.push_back(entry.path());
  return files;
}

/// Returns the bytes of text that the pieces of the tokens have.
int64_t bytes_of(const TokenStream& stream, const Vocabulary& vocabulary) {
  std::vector<int32_t> tokens(size_t(std::min(kChunk, stream.size())));
  int64_t bytes = 0;
  // Chunks overlap by one token, which is the last target of one and the first input of the next.
  for (int64_t begin = 0; begin + 1 < stream.size(); begin += kChunk - 1) {
    int64_t count = std::min(kChunk, stream.size() - begin);
    stream.copy(begin, count, tokens.data());
    std::span<const int32_t> read(tokens.data(), size_t(count));
    bytes += vocabulary.bytes(read.first(read.size() - 1), read.subspan(1));
  }
  return bytes;
}

/// Counts the bytes of a split's text, and by how many its tokens overcount them. Sidecars tell those of a
/// text that was transformed; where training has none they stay unknown.
void count_bytes(SplitReport& report, const TokenStream& stream, const Vocabulary& vocabulary) {
  bool training = report.name == kSplits[0].name;
  if (training && vocabulary.has_symbols()) return;
  std::vector<uint16_t> sidecar = load_byte_sidecar(stream, vocabulary);
  report.bytes = sidecar.empty() ? bytes_of(stream, vocabulary)
                                 : std::accumulate(sidecar.begin(), sidecar.end(), int64_t(0));
  for (size_t file = 0; sidecar.empty() && file < stream.files().size(); ++file)
    report.overcount += vocabulary.overcount(stream.tokens(file));
}

std::string sample_of(const TokenStream& stream, const Tokenizer& tokenizer) {
  std::vector<int32_t> ids(size_t(std::min(kSampleTokens, stream.size())));
  stream.copy(0, int64_t(ids.size()), ids.data());
  auto begin = ids.begin() + (!ids.empty() && ids.front() == tokenizer.begin_id());
  return tokenizer.decode({begin, std::find(begin, ids.end(), tokenizer.begin_id())});
}

SplitReport inspect_split(const char* name, const TokenStream& stream, const Tokenizer* tokenizer,
                          const Vocabulary* vocabulary) {
  SplitReport report;
  report.name = name;
  report.shards = int64_t(stream.files().size());
  report.tokens = stream.size();
  std::vector<int64_t> counts(kIds, 0);
  for (size_t file = 0; file < stream.files().size(); ++file)
    for (uint16_t token : stream.tokens(file)) ++counts[token];
  report.distinct_ids = int64_t(kIds) - std::count(counts.begin(), counts.end(), 0);
  auto last = std::find_if(counts.rbegin(), counts.rend(), [](int64_t count) { return count > 0; });
  report.max_id = int(counts.rend() - last) - 1;
  double bits = entropy_bits(counts);
  if (stream.size() > 0) report.entropy = bits * std::log(2.0) / double(stream.size());
  if (!tokenizer || report.max_id >= tokenizer->pieces()) return report;
  report.documents = counts[size_t(tokenizer->begin_id())];
  count_bytes(report, stream, *vocabulary);
  report.unknown = counts[size_t(std::max(vocabulary->unknown_id(), 0))];
  if (report.bytes > 0) report.bits_per_byte = bits / double(report.bytes);
  report.sample = sample_of(stream, *tokenizer);
  return report;
}

/// Adds to `problems` what differs between one split and the manifest.
void compare_split(const fs::path& folder, const SplitFiles& split, const Json& manifest,
                   std::vector<std::string>& problems) {
  std::vector<fs::path> present = shards_in(folder, split.pattern);
  for (const Json& shard : manifest.at("splits").at(split.name).at("shards")) {
    std::string file = shard.at("file");
    auto found = std::find(present.begin(), present.end(), folder / file);
    if (found == present.end()) {
      problems.push_back(file + " is missing");
      continue;
    }
    if (xxh3_file(*found) != shard.at("xxh3")) problems.push_back(file + " has another hash");
    if (shard.contains("sidecar") && xxh3_file(sidecar_of(*found)) != shard["sidecar"].at("xxh3"))
      problems.push_back(sidecar_of(file).string() + " has another hash");
    present.erase(found);
  }
  for (const fs::path& extra : present)
    problems.push_back(extra.filename().string() + " is not in the manifest");
}

void compare_with_manifest(FolderReport& report, const Vocabulary* vocabulary) {
  fs::path path = report.folder / "manifest.json";
  report.has_manifest = fs::exists(path);
  if (!report.has_manifest) return;
  try {
    Json manifest = Json::parse(read_file(path));
    for (const SplitFiles& split : kSplits) compare_split(report.folder, split, manifest, report.problems);
    if (vocabulary && vocabulary->hash() != manifest.at("tokenizer").at("sha256"))
      report.problems.push_back(report.tokenizer.filename().string() + " has another hash");
  } catch (const Json::exception& error) {
    fail("{}: not a manifest of 'caddie data prepare': {}", path.string(), reason_of(error));
  }
}

std::string describe(const SplitReport& split) {
  std::string text =
      fmt::format("{}: {} tokens in {} shard(s), {} distinct ids up to {}\n", split.name,
                  with_commas(split.tokens), split.shards, with_commas(split.distinct_ids), split.max_id);
  if (split.documents >= 0 && split.bytes < 0)
    text += fmt::format("  {} documents, whose bytes no sidecar tells\n", with_commas(split.documents));
  else if (split.documents >= 0)
    text += fmt::format("  {} documents, {} bytes of text, {:.4f} bytes per token\n",
                        with_commas(split.documents), with_commas(split.bytes),
                        double(split.bytes) / double(std::max<int64_t>(split.tokens, 1)));
  if (split.unknown > 0)
    text += fmt::format("  {} tokens ({:.2g} %) are unknown to the tokenizer and count no bytes\n",
                        with_commas(split.unknown), 100 * double(split.unknown) / double(split.tokens));
  text += fmt::format("  entropy of single tokens {:.4f} nats per token", split.entropy);
  if (split.bits_per_byte > 0)
    text += fmt::format(", {:.4f} bits per byte: what a model must beat", split.bits_per_byte);
  text += "\n";
  if (!split.sample.empty()) text += fmt::format("  begins: {}\n", split.sample);
  return text;
}

}  // namespace

FolderReport inspect(const fs::path& folder, const fs::path& tokenizer) {
  check(fs::is_directory(folder), "{}: no such folder; name one that 'caddie data prepare' made",
        folder.string());
  FolderReport report;
  report.folder = folder;
  report.tokenizer = tokenizer;
  if (tokenizer.empty() && fs::exists(folder / "tokenizer.model"))
    report.tokenizer = folder / "tokenizer.model";
  std::unique_ptr<Tokenizer> model;
  std::unique_ptr<Vocabulary> vocabulary;
  if (!report.tokenizer.empty()) {
    model = std::make_unique<Tokenizer>(report.tokenizer);
    vocabulary = std::make_unique<Vocabulary>(report.tokenizer, model->pieces());
    report.pieces = model->pieces();
  }
  for (const SplitFiles& split : kSplits) {
    if (shards_in(folder, split.pattern).empty()) continue;
    TokenStream stream((folder / split.pattern).string());
    report.splits.push_back(inspect_split(split.name, stream, model.get(), vocabulary.get()));
    int max_id = report.splits.back().max_id;
    if (int64_t surplus = report.splits.back().overcount)
      report.problems.push_back(
          fmt::format("the tokens of {} count {} bytes more than their text has", split.name, surplus));
    if (model && max_id >= report.pieces)
      report.problems.push_back(fmt::format("{} holds the id {}, but the tokenizer has {} pieces", split.name,
                                            max_id, report.pieces));
  }
  check(!report.splits.empty(),
        "{}: no shards named *train_*.bin or *val_*.bin; make some with 'caddie data prepare'",
        folder.string());
  compare_with_manifest(report, vocabulary.get());
  return report;
}

std::string describe(const FolderReport& report) {
  std::string text;
  if (report.pieces > 0)
    text += fmt::format("tokenizer: {}, {} pieces\n", report.tokenizer.string(), report.pieces);
  else
    text += "tokenizer: none found, so bytes are unknown; name it with --tokenizer\n";
  for (const SplitReport& split : report.splits) text += describe(split);
  if (!report.problems.empty())
    text += "WRONG: " + join(report.problems, "; ") + "\n";
  else if (report.has_manifest)
    text += "manifest: all hashes agree\n";
  else
    text += "manifest: none\n";
  return text;
}

std::string to_json(const FolderReport& report) {
  auto known = [](bool is_known, auto value) { return is_known ? Json(value) : Json(); };
  Json splits = Json::object();
  for (const SplitReport& split : report.splits) {
    bool counted = split.documents >= 0;
    splits[split.name] = {{"shards", split.shards},
                          {"tokens", split.tokens},
                          {"documents", known(counted, split.documents)},
                          {"bytes", known(split.bytes >= 0, split.bytes)},
                          {"bytes_per_token", known(split.bytes >= 0 && split.tokens > 0,
                                                    double(split.bytes) / double(split.tokens))},
                          {"unknown_tokens", known(counted, split.unknown)},
                          {"distinct_ids", split.distinct_ids},
                          {"max_id", split.max_id},
                          {"unigram_nats_per_token", split.entropy},
                          {"unigram_bits_per_byte", known(split.bits_per_byte > 0, split.bits_per_byte)},
                          {"sample", split.sample}};
  }
  Json json = {{"folder", report.folder.string()},
               {"tokenizer", known(report.pieces > 0, report.tokenizer.string())},
               {"pieces", known(report.pieces > 0, report.pieces)},
               {"has_manifest", report.has_manifest},
               {"problems", report.problems},
               {"splits", splits}};
  return text_of(json, 2);
}

}  // namespace caddie
