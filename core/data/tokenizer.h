// SPDX-License-Identifier: Apache-2.0
// Trains a byte-pair encoding with SentencePiece, and encodes text with a cache of whole words.
#pragma once

#include <caddie/text_transform.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Is the character that SentencePiece writes in a piece for a space, U+2581.
inline constexpr std::string_view kSpaceMark = "\u2581";

/// Trains a byte-pair encoding on the documents that `next` yields, until it returns false, and returns the
/// bytes of the model file. Ids 0 to 3 are padding, beginning of document, end, unknown; then come `symbols`,
/// each a piece that no other contains, and 256 byte pieces, so that every text can be spelled. Text is
/// normalised by nmt_nfkc, digits are single pieces, no space is put before the first word. The model may
/// have fewer than `vocab` pieces when the text has no more pairs to merge. The same documents give the same
/// bytes. Throws Error when `vocab` is too small for the text.
std::string train_tokenizer(const std::function<bool(std::string&)>& next, int vocab,
                            const std::vector<std::string>& symbols = {});

/// Encodes and decodes with a SentencePiece model. Several threads must not use it at once, because encode()
/// fills a cache.
class Tokenizer {
 public:
  /// Throws Error when the file is no SentencePiece model, has no beginning-of-document id, or has more
  /// pieces than fit in 16 bits.
  explicit Tokenizer(const std::filesystem::path& path);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;

  int pieces() const;
  /// Returns the id that opens every document.
  int begin_id() const;

  /// Appends the ids of `text` to `ids`, without the beginning-of-document id: the same ids as
  /// encode_plain(), ten times as fast, because each word is looked up before the library is asked.
  void encode(std::string_view text, std::vector<int32_t>& ids);

  /// Appends the ids that SentencePiece gives the whole `text`, without the cache.
  void encode_plain(std::string_view text, std::vector<int32_t>& ids) const;

  /// Appends the same ids, and to `bytes` for each of them how many bytes of the original text it stands for.
  /// White space that the model drops counts nowhere.
  void encode(const TransformedText& text, std::vector<int32_t>& ids, std::vector<uint16_t>& bytes) const;

  /// Returns whether `symbol` is one piece.
  bool has_piece(std::string_view symbol) const;

  /// Returns the text that the ids spell. Throws Error when an id is not in [0, pieces()).
  std::string decode(std::span<const int32_t> ids) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace caddie
