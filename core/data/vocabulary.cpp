// SPDX-License-Identifier: Apache-2.0
#include "data/vocabulary.h"

#include <caddie/error.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/exit_code.h"
#include "base/hash.h"
#include "base/json.h"
#include "data/tokenizer.h"

namespace caddie {
namespace {

ByteTables read_tables(const sentencepiece::SentencePieceProcessor& model, size_t size) {
  ByteTables tables{std::vector<int16_t>(size, 0), std::vector<uint8_t>(size, 0),
                    std::vector<uint8_t>(size, 1)};
  for (int id = 0; id < model.GetPieceSize(); ++id) {
    if (model.IsControl(id) || model.IsUnknown(id) || model.IsUnused(id)) continue;
    tables.is_boundary[size_t(id)] = 0;
    if (model.IsByte(id)) {
      tables.base_bytes[size_t(id)] = 1;
      continue;
    }
    std::string_view piece = model.IdToPiece(id);
    if (piece.starts_with(kSpaceMark)) {
      tables.has_leading_space[size_t(id)] = 1;
      piece.remove_prefix(kSpaceMark.size());
    }
    tables.base_bytes[size_t(id)] = int16_t(piece.size());
  }
  return tables;
}

/// Returns the hash of the tokenizer that made the shards, or "" when there is no manifest.
std::string tokenizer_of_manifest(const std::filesystem::path& manifest) {
  if (!std::filesystem::exists(manifest)) return "";
  ForeignJson json = ForeignJson::parse(read_file(manifest), nullptr, false);
  auto pointer = ForeignJson::json_pointer("/tokenizer/sha256");
  check(json.is_object() && json.contains(pointer) && json[pointer].is_string(),
        "{}: not a manifest of 'caddie data prepare'; it lacks the text tokenizer.sha256", manifest.string());
  return json[pointer];
}

}  // namespace

Vocabulary::Vocabulary(const std::filesystem::path& path, int model_vocab) : path_(path) {
  std::string bytes = read_file(path);
  sentencepiece::SentencePieceProcessor model;
  check(model.LoadFromSerializedProto(bytes).ok(), "{}: not a SentencePiece model", path.string());
  pieces_ = model.GetPieceSize();
  begin_id_ = model.bos_id();
  tables_ = read_tables(model, size_t(std::max(pieces_, model_vocab)));
  hash_ = sha256(bytes);
}

Vocabulary::Vocabulary(ByteTables tables)
    : tables_(std::move(tables)), pieces_(int(tables_.base_bytes.size())) {
  check(tables_.has_leading_space.size() == size_t(pieces_) && tables_.is_boundary.size() == size_t(pieces_),
        "vocabulary: tables of {}, {} and {} entries; they must have one length", pieces_,
        tables_.has_leading_space.size(), tables_.is_boundary.size());
}

int64_t Vocabulary::bytes(std::span<const int32_t> inputs, std::span<const int32_t> targets) const {
  check(inputs.size() == targets.size(),
        "vocabulary: {} inputs but {} targets; each target needs the token before it", inputs.size(),
        targets.size());
  auto inside = [size = tables_.base_bytes.size()](int32_t id) { return id >= 0 && size_t(id) < size; };
  int64_t sum = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    check(inside(inputs[i]) && inside(targets[i]),
          "vocabulary: ids {} and {} at position {}; valid are 0 to {}", inputs[i], targets[i], i,
          int64_t(tables_.base_bytes.size()) - 1);
    sum += bytes(inputs[i], targets[i]);
  }
  return sum;
}

void check_matches(const TokenStream& stream, const Vocabulary& vocabulary) {
  std::string name = vocabulary.path().empty() ? "the vocabulary" : vocabulary.path().string();
  if (stream.max_id() >= vocabulary.pieces())
    fail_usage(
        "{}: the shards hold the id {}, but {} has only {} pieces: a tokenizer that does not match the "
        "shards; name the one that made them",
        stream.pattern(), stream.max_id(), name, vocabulary.pieces());
  std::filesystem::path manifest = stream.files().front().parent_path() / "manifest.json";
  std::string wanted = tokenizer_of_manifest(manifest);
  if (!wanted.empty() && !vocabulary.hash().empty() && wanted != vocabulary.hash())
    fail_usage(
        "{}: a tokenizer that does not match the shards: its SHA-256 is {}, but {} says that they were made "
        "with {}",
        name, vocabulary.hash(), manifest.string(), wanted);
}

}  // namespace caddie
