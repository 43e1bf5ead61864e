// SPDX-License-Identifier: Apache-2.0
// The tokenizer: trains a byte-pair encoding with SentencePiece, and encodes text with a memory of whole
// words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// What SentencePiece writes in a piece for a space.
inline constexpr std::string_view kSpaceMark = "\u2581";

/// Trains BPE on the documents that `next` yields (false: no more) and returns the bytes of the model file.
/// Ids 0 to 3 are padding, beginning of document, end, unknown; then 256 byte pieces, so that every text can
/// be spelled. Text is normalised by nmt_nfkc, digits are single pieces, no space is put before the first
/// word. The model may have fewer than `vocab` pieces when the text has no more pairs to merge. Same
/// documents, same bytes. Throws Error when `vocab` is too small for the text.
std::string train_tokenizer(const std::function<bool(std::string&)>& next, int vocab);

/// Encodes with a SentencePiece model. Not for use from several threads at once: encode() keeps a memory.
class Tokenizer {
 public:
  /// Throws Error when the file is no SentencePiece model, has no beginning-of-document id, or has more
  /// pieces than fit in 16 bits.
  explicit Tokenizer(const std::filesystem::path& path);
  ~Tokenizer();
  Tokenizer(Tokenizer&&) noexcept;

  int pieces() const;
  /// The id that opens every document.
  int begin_id() const;

  /// Appends the ids of `text` to `ids`, without the beginning-of-document id: the same ids as
  /// encode_plain(), ten times as fast, because each word is looked up before the library is asked.
  void encode(std::string_view text, std::vector<int32_t>& ids);

  /// Appends what the library alone makes of `text`.
  void encode_plain(std::string_view text, std::vector<int32_t>& ids) const;

  std::string decode(std::span<const int32_t> ids) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace caddie
