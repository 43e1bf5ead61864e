// SPDX-License-Identifier: Apache-2.0
// Encodes text word by word, with a cache of words, where that gives the library's own ids.
#include "data/tokenizer.h"

#include <caddie/error.h>
#include <sentencepiece_processor.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/files.h"

namespace caddie {
namespace {

constexpr size_t kLongestWord = 48;        // Longer words, in bytes, hardly ever come twice.
constexpr size_t kMostWords = 1 << 20;     // The cache starts over when it holds so many words.
constexpr std::string_view kLeadIn = "a";  // It stands before a word, so that its leading space is kept.

/// Holds one field of a protocol-buffer message: a varint's value, or the bytes of a string or submessage.
struct Field {
  uint64_t number = 0, value = 0;
  std::string_view bytes;
};

/// Takes a varint off the front of `rest`; returns false when it is cut off.
bool read_varint(std::string_view& rest, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    uint8_t byte = uint8_t(rest.front());
    rest.remove_prefix(1);
    value |= uint64_t(byte & 127) << shift;
    if (byte < 128) return true;
  }
  return false;
}

/// Takes a field off the front of `rest`; returns false at the end, and when it is malformed.
bool read_field(std::string_view& rest, Field& field) {
  uint64_t key = 0, size = 0;
  if (!read_varint(rest, key)) return false;
  field = {.number = key >> 3, .value = 0, .bytes = {}};
  switch (key & 7) {
    case 0:
      return read_varint(rest, field.value);
    case 1:
      size = 8;
      break;
    case 2:
      if (!read_varint(rest, size)) return false;
      break;
    case 5:
      size = 4;
      break;
    default:
      return false;
  }
  if (size > rest.size()) return false;
  field.bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  return true;
}

/// Returns whether this is a byte-pair model with one of SentencePiece's own normalisation rules: the only
/// ones whose ids depend on nothing beyond a word and the space before it. (A unigram model adds up floats
/// over the whole text.)
bool encodes_by_word(std::string_view model) {
  constexpr uint64_t kTrainer = 2, kModelType = 3, kBytePair = 2, kNormalizer = 3, kRuleName = 1;
  constexpr std::array<std::string_view, 5> kRules = {"nmt_nfkc", "nmt_nfkc_cf", "nfkc", "nfkc_cf",
                                                      "identity"};
  bool pairs = false, own_rule = false;
  for (Field part; read_field(model, part);) {
    for (Field field;
         (part.number == kTrainer || part.number == kNormalizer) && read_field(part.bytes, field);) {
      if (part.number == kTrainer && field.number == kModelType) pairs = field.value == kBytePair;
      if (part.number == kNormalizer && field.number == kRuleName)
        own_rule = std::find(kRules.begin(), kRules.end(), field.bytes) != kRules.end();
    }
  }
  return pairs && own_rule;
}

}  // namespace

struct Tokenizer::State {
  struct WordHash {
    using is_transparent = void;
    size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };

  struct Range {
    uint32_t begin = 0, count = 0;
  };

  sentencepiece::SentencePieceProcessor model;
  bool by_word = false;      // tells whether the words of a text can be encoded one by one
  std::string spaces = " ";  // characters that the model takes for a space
  size_t lead_in_ids = 0;    // the number of ids that kLeadIn has
  std::string scratch;
  std::vector<int> library_ids;
  std::unordered_map<std::string, Range, WordHash, std::equal_to<>> words;
  std::vector<int32_t> ids;  // the ids of all words in the cache, one word after the other

  void ask_library(std::string_view text) {
    auto status = model.Encode({text.data(), text.size()}, &library_ids);
    check(status.ok(), "tokenizer: cannot encode a text of {} bytes: {}", text.size(), status.ToString());
  }

  /// Returns whether both texts have the same ids.
  bool same(std::string_view a, std::string_view b) {
    ask_library(a);
    std::vector<int> first = library_ids;
    ask_library(b);
    return first == library_ids;
  }

  /// Returns whether no piece reaches across a space and the mark for a space is a piece of its own.
  bool pieces_keep_to_words() const {
    for (int id = 0; id < model.GetPieceSize(); ++id) {
      std::string_view piece = model.IdToPiece(id);
      if (piece.find(kSpaceMark, 1) != piece.npos || piece.find_first_of(" \t\r\n") != piece.npos)
        return false;
    }
    return !model.IsUnknown(model.PieceToId({kSpaceMark.data(), kSpaceMark.size()}));
  }

  /// Returns the ids of a word together with the spaces before it, valid until the next call.
  std::span<const int32_t> word_ids(std::string_view spaced_word) {
    bool keep = spaced_word.size() <= kLongestWord;
    if (auto known = keep ? words.find(spaced_word) : words.end(); known != words.end())
      return std::span(ids).subspan(known->second.begin, known->second.count);
    scratch.assign(kLeadIn).append(spaced_word);
    ask_library(scratch);
    std::span<const int32_t> found = std::span(library_ids).subspan(lead_in_ids);
    if (!keep) return found;
    if (words.size() >= kMostWords) {
      words.clear();
      ids.clear();
    }
    words.emplace(spaced_word, Range{uint32_t(ids.size()), uint32_t(found.size())});
    ids.insert(ids.end(), found.begin(), found.end());
    return found;
  }
};

Tokenizer::Tokenizer(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  std::string bytes = read_file(path);
  auto& model = state_->model;
  check(model.LoadFromSerializedProto(bytes).ok(), "{}: not a SentencePiece model", path.string());
  check(model.bos_id() >= 0,
        "{}: the model has no beginning-of-document id; train one with 'caddie data prepare'", path.string());
  check(model.GetPieceSize() <= std::numeric_limits<uint16_t>::max() + 1,
        "{}: {} pieces; shards hold 16-bit ids, so at most 65536", path.string(), model.GetPieceSize());
  state_->by_word = encodes_by_word(bytes) && state_->pieces_keep_to_words();
  for (char space : {'\n', '\t', '\r'})
    if (state_->same("a b", std::string("a") + space + "b")) state_->spaces += space;
  state_->ask_library(kLeadIn);
  state_->lead_in_ids = state_->library_ids.size();
}

Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;

int Tokenizer::pieces() const { return state_->model.GetPieceSize(); }
int Tokenizer::begin_id() const { return state_->model.bos_id(); }

void Tokenizer::encode_plain(std::string_view text, std::vector<int32_t>& ids) const {
  state_->ask_library(text);
  ids.insert(ids.end(), state_->library_ids.begin(), state_->library_ids.end());
}

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& ids) {
  // A space mark in the text itself would be cut off at the end of a word.
  if (!state_->by_word || text.find(kSpaceMark) != text.npos) return encode_plain(text, ids);
  size_t begin_of_text = ids.size();
  for (size_t begin = 0; begin < text.size();) {
    size_t word = text.find_first_not_of(state_->spaces, begin);
    size_t end =
        word == text.npos ? text.size() : std::min(text.find_first_of(state_->spaces, word), text.size());
    std::string_view spaced_word = text.substr(begin, end - begin);
    if (ids.size() == begin_of_text) {
      encode_plain(spaced_word, ids);
    } else {
      std::span<const int32_t> known = state_->word_ids(spaced_word);
      ids.insert(ids.end(), known.begin(), known.end());
    }
    begin = end;
  }
}

void Tokenizer::encode(const TransformedText& text, std::vector<int32_t>& ids,
                       std::vector<uint16_t>& bytes) const {
  auto encoded = state_->model.EncodeAsImmutableProto({text.text.data(), text.text.size()});
  for (const auto& piece : encoded.pieces()) {
    auto begin = text.bytes.begin() + piece.begin(), end = text.bytes.begin() + piece.end();
    auto count = std::accumulate(begin, end, int64_t(0));
    check(count <= std::numeric_limits<uint16_t>::max(),
          "tokenizer: one token stands for {} bytes of text; a sidecar counts at most 65535", count);
    ids.push_back(int32_t(piece.id()));
    bytes.push_back(uint16_t(count));
  }
}

bool Tokenizer::has_piece(std::string_view symbol) const {
  return !state_->model.IsUnknown(state_->model.PieceToId({symbol.data(), symbol.size()}));
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  for (int32_t id : ids)
    check(id >= 0 && id < pieces(), "tokenizer: id {} cannot be decoded; valid are 0 to {}", id,
          pieces() - 1);
  std::string text;
  auto status = state_->model.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
  check(status.ok(), "tokenizer: cannot decode {} ids: {}", ids.size(), status.ToString());
  return text;
}

}  // namespace caddie
