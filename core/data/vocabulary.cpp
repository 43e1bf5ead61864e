// SPDX-License-Identifier: Apache-2.0
// Reads from a SentencePiece model how many bytes each piece stands for, and checks shards against it.
#include "data/vocabulary.h"

#include <caddie/error.h>
#include <fmt/format.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
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
    check(piece.size() <= size_t(INT16_MAX),
          "tokenizer: the piece {} has {} bytes; at most {} can be counted", id, piece.size(), INT16_MAX);
    tables.base_bytes[size_t(id)] = int16_t(piece.size());
  }
  return tables;
}

/// Returns for each piece how many marks for a space it has behind its first place.
std::vector<uint8_t> inner_marks(const sentencepiece::SentencePieceProcessor& model) {
  std::vector<uint8_t> marks(size_t(model.GetPieceSize()), 0);
  for (int id = 0; id < model.GetPieceSize(); ++id) {
    if (model.IsControl(id) || model.IsUnknown(id) || model.IsUnused(id)) continue;
    std::string_view piece = model.IdToPiece(id);
    for (size_t at = piece.find(kSpaceMark, 1); at != piece.npos; at = piece.find(kSpaceMark, at + 1))
      marks[size_t(id)] = uint8_t(std::min(marks[size_t(id)] + 1, 255));
  }
  return marks;
}

/// Returns whether the model was given a character of the private use area as a piece. Those that it found in
/// text itself have a score below 0.
bool has_private_symbol(const sentencepiece::SentencePieceProcessor& model) {
  for (int id = 0; id < model.GetPieceSize(); ++id) {
    std::string_view piece = model.IdToPiece(id);
    bool is_private = piece.size() == 3 && piece >= "\uE000" && piece <= "\uF8FF";
    if (is_private && model.GetScore(id) == 0) return true;
  }
  return false;
}

/// Returns the ids of the byte pieces that spell the mark for a space, -1 where there is none.
std::array<int, 3> mark_bytes(const sentencepiece::SentencePieceProcessor& model) {
  std::array<int, 3> ids = {};
  for (size_t i = 0; i < ids.size(); ++i) {
    int id = model.PieceToId(fmt::format("<0x{:02X}>", uint8_t(kSpaceMark[i])));
    ids[i] = model.IsByte(id) ? id : -1;
  }
  return ids;
}

/// Throws Error when the vocabulary counts more bytes than the text of the shards has.
void check_counts(const TokenStream& stream, const Vocabulary& vocabulary, const std::string& name) {
  if (!vocabulary.may_overcount()) return;
  int64_t surplus = 0;
  for (size_t file = 0; file < stream.files().size(); ++file)
    surplus += vocabulary.overcount(stream.tokens(file));
  if (surplus > 0)
    fail_usage(
        "{}: with {} its tokens count {} bytes more than their text has, so that bits per byte would "
        "come out too low; take a tokenizer with a piece for the lone space and with no space inside its "
        "pieces",
        stream.pattern(), name, surplus);
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
  unknown_id_ = model.unk_id();
  tables_ = read_tables(model, size_t(std::max(pieces_, model_vocab)));
  inner_marks_ = inner_marks(model);
  mark_bytes_ = mark_bytes(model);
  bool lone_mark = !model.IsUnknown(model.PieceToId({kSpaceMark.data(), kSpaceMark.size()}));
  may_overcount_ = !lone_mark || std::any_of(inner_marks_.begin(), inner_marks_.end(),
                                             [](uint8_t marks) { return marks > 0; });
  has_symbols_ = has_private_symbol(model);
  hash_ = sha256(bytes);
}

Vocabulary::Vocabulary(ByteTables tables, int begin_id)
    : tables_(std::move(tables)), pieces_(int(tables_.base_bytes.size())), begin_id_(begin_id) {
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

int64_t Vocabulary::overcount(std::span<const uint16_t> ids) const {
  if (!may_overcount_) return 0;
  constexpr int64_t kSurplus = int64_t(kSpaceMark.size()) - 1;
  int64_t marks = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] < inner_marks_.size()) marks += inner_marks_[size_t(ids[i])];
    bool spelt = i + 2 < ids.size() && ids[i] == mark_bytes_[0] && ids[i + 1] == mark_bytes_[1] &&
                 ids[i + 2] == mark_bytes_[2];
    marks += spelt;
  }
  return kSurplus * marks;
}

void check_matches(const TokenStream& stream, const Vocabulary& vocabulary, bool has_sidecar) {
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
  if (!has_sidecar) check_counts(stream, vocabulary, name);
}

}  // namespace caddie
