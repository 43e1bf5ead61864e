// SPDX-License-Identifier: Apache-2.0
// Prepares data in passes over the text: one counts and splits, one trains a tokenizer, one encodes.
#include "data/prepare.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "data/corpus.h"
#include "data/documents.h"
#include "data/progress.h"
#include "data/split.h"
#include "data/split_writer.h"
#include "data/tokenizer.h"
#include "data/vocabulary.h"
#include "data/work_folder.h"

namespace caddie {
namespace fs = std::filesystem;

namespace {

constexpr int kFormat = 1;  // It must rise when the same inputs would give other shards.
constexpr double kTokenizerSampleBytes = 256e6;

void check_options(const PrepareOptions& options) {
  if (options.text.empty()) fail_usage("data prepare: no text; name files or globs");
  if (options.output.empty()) fail_usage("data prepare: no output folder");
  if (!(options.validation_fraction >= 0 && options.validation_fraction < 1))
    fail_usage("data prepare: a validation fraction of {}; it must be at least 0 and below 1",
               options.validation_fraction);
  if (options.vocab < 1 || options.vocab > 65536)
    fail_usage("data prepare: a vocabulary of {} pieces; shards hold 16-bit ids, so 261 to 65536",
               options.vocab);
  if (options.shard_tokens < 1 || options.shard_tokens > INT32_MAX)
    fail_usage("data prepare: shards of {} tokens; 1 to 2147483647 fit", options.shard_tokens);
}

/// Returns a hash of all that the shards depend on. `tokenizer` holds the bytes of the one that is given.
std::string key_of(const PrepareOptions& options, const std::vector<Input>& inputs,
                   const std::string& tokenizer) {
  Json key = {{"format", kFormat},
              {"validation_fraction", options.validation_fraction},
              {"shard_tokens", options.shard_tokens},
              {"field", options.field}};
  if (options.transform) key["transform"] = options.transform.name;
  if (options.tokenizer.empty())
    key["vocab"] = options.vocab;
  else
    key["tokenizer"] = sha256(tokenizer);
  for (const Input& input : inputs) key["inputs"].push_back({input.path.filename().string(), input.hash});
  return sha256(text_of(key));
}

/// Returns what a manifest tells of the shards in its folder. Throws Error when one of them is damaged, and
/// an exception of the JSON library when the manifest is.
PrepareResult result_in(const Json& manifest, const fs::path& output) {
  auto check_shard = [&](const Json& described, int64_t tokens) {
    fs::path file = output / described.at("file").get<std::string>();
    check(int64_t(Shard(file).tokens().size()) == tokens,
          "{}: does not hold the {} tokens of the manifest; remove the folder and prepare it again",
          file.string(), tokens);
  };
  auto read_split = [&](const char* name) {
    const Json& split = manifest.at("splits").at(name);
    for (const Json& shard : split.at("shards")) {
      auto tokens = shard.at("tokens").get<int64_t>();
      check_shard(shard, tokens);
      if (shard.contains("sidecar")) check_shard(shard["sidecar"], tokens);
    }
    return PreparedSplit{.documents = split.at("documents"),
                         .tokens = split.at("tokens"),
                         .bytes = split.at("bytes"),
                         .shards = int64_t(split.at("shards").size()),
                         .unknown = split.value("unknown_tokens", int64_t(0)),
                         .overcount = 0};
  };
  return PrepareResult{.already_done = true,
                       .train = read_split("train"),
                       .validation = read_split("validation"),
                       .duplicates_dropped = manifest.at("duplicates_dropped"),
                       .invalid_documents = manifest.at("invalid_documents"),
                       .pieces = manifest.at("tokenizer").at("pieces")};
}

/// Returns the result of an earlier run with the same key, if the folder holds one. Throws Error when one of
/// its shards or its manifest is damaged.
std::optional<PrepareResult> earlier_result(const fs::path& output, const std::string& key) {
  fs::path file = output / "manifest.json";
  if (!fs::exists(file)) return std::nullopt;
  Json manifest = Json::parse(read_file(file), nullptr, false);
  if (!manifest.is_object() || !manifest.contains("key") || manifest["key"] != key) return std::nullopt;
  try {
    return result_in(manifest, output);
  } catch (const Json::exception& error) {
    fail("{}: damaged: {}; remove the folder and prepare it again", file.string(), reason_of(error));
  }
}

/// Returns the sum of a count over all inputs.
int64_t sum_of(const std::vector<Input>& inputs, int64_t Input::*count) {
  int64_t sum = 0;
  for (const Input& input : inputs) sum += input.*count;
  return sum;
}

int64_t file_bytes_of(const std::vector<Input>& inputs) {
  int64_t sum = 0;
  for (const Input& input : inputs) sum += input.file_bytes();
  return sum;
}

/// Reads everything once: fills in the counts of each input, and returns the split.
TailSplit survey(const PrepareOptions& options, std::vector<Input>& inputs) {
  TailSplit split(options.validation_fraction);
  ByteProgress progress("reading", file_bytes_of(inputs), options.quiet);
  int64_t finished = 0;
  std::string document;
  for (Input& input : inputs) {
    DocumentReader reader(input.path, options.field);
    while (reader.next(document)) {
      split.survey(document);
      input.documents += 1;
      input.text_bytes += int64_t(document.size());
      input.invalid_documents += !is_valid_utf8(document);
      progress.update(finished + reader.consumed());
    }
    split.end_input();
    finished += input.file_bytes();
  }
  progress.finish(fmt::format("{} documents, {} bytes of text",
                              with_commas(sum_of(inputs, &Input::documents)),
                              with_commas(sum_of(inputs, &Input::text_bytes))));
  return split;
}

/// Throws Error when nothing is left to train on, or nothing is held out although something should be.
void check_split(const PrepareOptions& options, const std::vector<Input>& inputs, const TailSplit& split) {
  int64_t documents = sum_of(inputs, &Input::documents);
  check(documents > 0, "data prepare: the inputs hold no document");
  check(split.held_out() < documents,
        "data prepare: all {} documents would be held out; lower --validation-fraction", documents);
  check(options.validation_fraction == 0 || split.held_out() > 0,
        "data prepare: no input ends in a document that fits into {} of its bytes, so that none can be held "
        "out for validation; raise --validation-fraction, or give smaller documents (a blank line ends one)",
        options.validation_fraction);
}

/// Trains a tokenizer on the training documents, or on a sample of them when there are many, and returns the
/// bytes of its model file.
std::string train_on(const PrepareOptions& options, const std::vector<Input>& inputs,
                     const TailSplit& split) {
  double share = std::min(1.0, kTokenizerSampleBytes / double(sum_of(inputs, &Input::text_bytes)));
  ByteProgress progress("training the tokenizer", file_bytes_of(inputs), options.quiet);
  Pass pass(inputs, options.field, progress);
  auto next = [&](std::string& document) {
    while (pass.next(document)) {
      Digest digest = digest_of(document);
      bool sampled = share >= 1 || double(digest.high) < share * 0x1p64;
      if (!sampled || pass.side(split, digest) != Side::kTrain) continue;
      if (options.transform) document = options.transform.apply(document).text;
      return true;
    }
    return false;
  };
  std::string model = train_tokenizer(next, options.vocab, options.transform.symbols());
  progress.finish("done");
  return model;
}

struct EncodedCorpus {
  Encoded train, validation;
  int64_t duplicates_dropped = 0;
};

/// Throws Error when the tokens count more bytes than the text that they spell has, or nothing is left to
/// train on.
void check_corpus(const PrepareOptions& options, const EncodedCorpus& corpus) {
  int64_t counted = corpus.train.counts.bytes + corpus.validation.counts.bytes;
  int64_t surplus = corpus.train.counts.overcount + corpus.validation.counts.overcount;
  if (surplus > 0)
    fail_usage(
        "{}: its tokens count {} bytes for a text of {}, so that bits per byte would come out too low; "
        "take a tokenizer with a piece for the lone space and with no space inside its pieces",
        options.tokenizer.string(), counted, counted - surplus);
  check(corpus.train.counts.documents > 0,
        "data prepare: every document to train on has the text of one held out for validation; give other "
        "text");
}

/// Adds a document that was transformed. Only validation needs the bytes of each token, which take longer.
void encode_transformed(const TransformedText& text, Side side, Tokenizer& tokenizer,
                        std::vector<int32_t>& ids, SplitWriter& writer) {
  if (side == Side::kTrain) {
    tokenizer.encode(text.text, ids);
    writer.add(ids, std::accumulate(text.bytes.begin(), text.bytes.end(), int64_t(0)));
  } else {
    std::vector<uint16_t> bytes(ids.size(), 0);
    tokenizer.encode(text, ids, bytes);
    writer.add(ids, bytes);
  }
}

/// Writes the shards of both splits.
EncodedCorpus encode(const PrepareOptions& options, const std::vector<Input>& inputs, const TailSplit& split,
                     Tokenizer& tokenizer, const fs::path& folder) {
  Vocabulary vocabulary(folder / "tokenizer.model", tokenizer.pieces());
  ByteProgress progress("encoding", file_bytes_of(inputs), options.quiet);
  Pass pass(inputs, options.field, progress);
  SplitWriter train(folder, "train", options.shard_tokens, vocabulary);
  SplitWriter validation(folder, "val", options.shard_tokens, vocabulary);
  int64_t duplicates = 0;
  std::vector<int32_t> ids;
  for (std::string document; pass.next(document);) {
    Side side = pass.side(split, digest_of(document));
    duplicates += side == Side::kDropped;
    if (side == Side::kDropped) continue;
    SplitWriter& writer = side == Side::kTrain ? train : validation;
    ids.assign(1, tokenizer.begin_id());
    if (options.transform) {
      encode_transformed(options.transform.apply(document), side, tokenizer, ids, writer);
    } else {
      tokenizer.encode(document, ids);
      writer.add(ids);
    }
  }
  EncodedCorpus corpus{train.finish(), validation.finish(), duplicates};
  int64_t tokens = corpus.train.counts.tokens + corpus.validation.counts.tokens;
  progress.finish(with_commas(tokens) + " tokens");
  return corpus;
}

Json json_of(const Encoded& split) {
  Json shards = Json::array();
  for (const ShardFile& shard : split.shards)
    shards.push_back({{"file", shard.name}, {"tokens", shard.tokens}, {"xxh3", shard.hash}});
  for (size_t i = 0; i < split.sidecars.size(); ++i)
    shards[i]["sidecar"] = {{"file", split.sidecars[i].name}, {"xxh3", split.sidecars[i].hash}};
  return {{"documents", split.counts.documents},
          {"tokens", split.counts.tokens},
          {"bytes", split.counts.bytes},
          {"unknown_tokens", split.counts.unknown},
          {"shards", std::move(shards)}};
}

Json manifest_of(const PrepareOptions& options, const std::vector<Input>& inputs, const PrepareResult& result,
                 const EncodedCorpus& corpus, const fs::path& folder, const std::string& key) {
  Json files = Json::array();
  for (const Input& input : inputs)
    files.push_back({{"path", input.path.string()},
                     {"bytes", input.file_bytes()},
                     {"xxh3", input.hash},
                     {"documents", input.documents},
                     {"text_bytes", input.text_bytes}});
  Json manifest = {{"format", kFormat},
                   {"key", key},
                   {"command", command_of(options)},
                   {"settings",
                    {{"validation_fraction", options.validation_fraction},
                     {"shard_tokens", options.shard_tokens},
                     {"field", options.field}}},
                   {"inputs", std::move(files)},
                   {"tokenizer",
                    {{"file", "tokenizer.model"},
                     {"sha256", sha256_file(folder / "tokenizer.model")},
                     {"pieces", result.pieces},
                     {"source", options.tokenizer.empty() ? "trained on the training documents"
                                                          : options.tokenizer.string()}}},
                   {"splits", {{"train", json_of(corpus.train)}, {"validation", json_of(corpus.validation)}}},
                   {"duplicates_dropped", result.duplicates_dropped},
                   {"invalid_documents", result.invalid_documents}};
  if (options.transform) manifest["transform"] = options.transform.name;
  return manifest;
}

void check_output_is_free(const fs::path& output) {
  if (!fs::exists(output)) return;
  if (!fs::is_directory(output) || !fs::is_empty(output))
    fail_usage(
        "{}: already holds something that these inputs and settings did not make; "
        "choose another --output, or remove it first",
        output.string());
}

}  // namespace

std::string command_of(const PrepareOptions& options) {
  std::string command = "caddie data prepare --text";
  for (const std::string& text : options.text) command += " '" + text + "'";
  command += fmt::format(" --output '{}'", options.output.string());
  if (options.tokenizer.empty())
    command += fmt::format(" --vocab {}", options.vocab);
  else
    command += fmt::format(" --tokenizer '{}'", options.tokenizer.string());
  if (options.transform) command += fmt::format(" --transform {}", options.transform.name);
  return command + fmt::format(" --validation-fraction {} --shard-tokens {} --field '{}'",
                               options.validation_fraction, options.shard_tokens, options.field);
}

PrepareResult prepare(const PrepareOptions& options) {
  check_options(options);
  fs::path output = fs::absolute(options.output).lexically_normal();
  if (output.filename().empty()) output = output.parent_path();
  std::vector<Input> inputs = find_inputs(options.text);
  std::string given = options.tokenizer.empty() ? "" : read_file(options.tokenizer);
  std::string key = key_of(options, inputs, given);
  if (auto earlier = earlier_result(output, key)) return *earlier;
  check_output_is_free(output);

  if (!options.tokenizer.empty())
    options.transform.check_tokenizer(options.tokenizer);  // It is refused before any work, by its name.
  WorkFolder work(output);
  TailSplit split = survey(options, inputs);
  check_unchanged(inputs);  // The passes must read the same text, and an error of one may come of a change.
  check_split(options, inputs, split);
  fs::path model = work.path() / "tokenizer.model";
  write_file(model, given.empty() ? train_on(options, inputs, split) : given);
  check_unchanged(inputs);
  Tokenizer tokenizer(model);
  EncodedCorpus corpus = encode(options, inputs, split, tokenizer, work.path());
  check_unchanged(inputs);
  check_corpus(options, corpus);
  PrepareResult result{.train = corpus.train.counts,
                       .validation = corpus.validation.counts,
                       .duplicates_dropped = corpus.duplicates_dropped,
                       .invalid_documents = sum_of(inputs, &Input::invalid_documents),
                       .pieces = tokenizer.pieces()};
  Json manifest = manifest_of(options, inputs, result, corpus, work.path(), key);
  write_file(work.path() / "manifest.json", text_of(manifest, 2) + "\n");
  work.publish();
  return result;
}

}  // namespace caddie
