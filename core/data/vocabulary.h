// SPDX-License-Identifier: Apache-2.0
// Defines the vocabulary: how many bytes of text each token stands for, which is what turns nats into bits
// per byte.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "data/shards.h"

namespace caddie {

/// Holds one entry for each id in each table. A control, unknown or unused id is a boundary and has no bytes.
struct ByteTables {
  std::vector<int16_t> base_bytes;         // UTF-8 bytes of the piece without its leading space mark
  std::vector<uint8_t> has_leading_space;  // 1 when the piece starts with a space
  std::vector<uint8_t> is_boundary;        // 1 when the space of a piece that follows costs nothing
};

/// Counts the bytes of text that tokens stand for.
class Vocabulary {
 public:
  /// Reads a SentencePiece model. The tables get max(pieces, model_vocab) entries.
  /// Throws Error when the file is no SentencePiece model.
  Vocabulary(const std::filesystem::path& path, int model_vocab);

  /// Makes a vocabulary of tables alone: pieces() is their length, path() is empty. Throws Error when the
  /// lengths differ.
  explicit Vocabulary(ByteTables tables, int begin_id = -1);

  /// Returns the bytes of text that `token` adds after `previous`. Both must lie in [0, size of the tables).
  int bytes(int previous, int token) const {
    return tables_.base_bytes[size_t(token)] +
           (tables_.has_leading_space[size_t(token)] & (tables_.is_boundary[size_t(previous)] ^ 1));
  }

  /// Returns the sum over all positions of bytes(inputs[i], targets[i]). Throws Error when the lengths differ
  /// or an id is outside the tables.
  int64_t bytes(std::span<const int32_t> inputs, std::span<const int32_t> targets) const;

  /// Returns by how many bytes the counts of bytes() lie above the text that these ids spell. A mark for a
  /// space counts 3 bytes, not 1, behind the first place of a piece, and where it is spelt by byte pieces.
  int64_t overcount(std::span<const uint16_t> ids) const;

  /// Returns whether the tokenizer was given characters of the private use area as pieces, which a text
  /// transform writes and which stand for no text.
  bool has_symbols() const { return has_symbols_; }

  /// Returns whether overcount() can be anything but 0.
  bool may_overcount() const { return may_overcount_; }

  int pieces() const { return pieces_; }
  /// Returns the id that stands before every document; -1 when there is none.
  int begin_id() const { return begin_id_; }
  /// Returns the id of what the tokenizer cannot spell, which counts no bytes; -1 for tables.
  int unknown_id() const { return unknown_id_; }
  const std::vector<int16_t>& base_bytes() const { return tables_.base_bytes; }
  const std::vector<uint8_t>& has_leading_space() const { return tables_.has_leading_space; }
  const std::vector<uint8_t>& is_boundary() const { return tables_.is_boundary; }

  const std::filesystem::path& path() const { return path_; }
  /// Returns the SHA-256 of the model file, empty for a vocabulary from tables.
  const std::string& hash() const { return hash_; }

 private:
  ByteTables tables_;
  std::vector<uint8_t> inner_marks_;              // marks for a space behind the first place of each piece
  std::array<int, 3> mark_bytes_ = {-1, -1, -1};  // the byte pieces that spell the mark for a space
  bool may_overcount_ = false, has_symbols_ = false;
  int pieces_ = 0, begin_id_ = -1, unknown_id_ = -1;
  std::filesystem::path path_;
  std::string hash_;
};

/// Throws Error (kUsage) when the shards hold an id that the vocabulary lacks or, unless sidecars count the
/// bytes, ids whose bytes it overcounts, or when a manifest.json beside them names another tokenizer.
void check_matches(const TokenStream& stream, const Vocabulary& vocabulary, bool has_sidecar = false);

}  // namespace caddie
