// SPDX-License-Identifier: Apache-2.0
// Decides which documents are held out for validation, and which must not be trained on because they repeat
// one of these.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace caddie {

/// Holds the XXH3-128 of a document's text.
struct Digest {
  uint64_t low = 0, high = 0;
  bool operator==(const Digest&) const = default;
};
/// Returns the digest of a document's text.
Digest digest_of(std::string_view document);

/// Says what becomes of a document.
enum class Side {
  kTrain,
  kValidation,
  kDropped,  // It would be trained on, but has the text of a validation document.
};

/// Holds out the tail of each input: its last documents, as many as fit into `fraction` of its bytes together
/// with what earlier inputs left of theirs. Survey every document of every input in order, end each input,
/// then ask for the sides.
class TailSplit {
 public:
  /// `fraction` lies in [0, 1).
  explicit TailSplit(double fraction) : fraction_(fraction) {}

  /// Takes in the next document of the current input.
  void survey(std::string_view document);
  /// Decides which documents of the current input are held out; the next document is of another input.
  void end_input();

  /// Returns the number of documents held out so far.
  int64_t held_out() const { return held_out_count_; }

  /// Returns the side of document `index` of `input`, both counted from 0 in the order of the survey.
  Side side(size_t input, int64_t index, const Digest& digest) const;

 private:
  struct Candidate {
    int64_t bytes;
    Digest digest;
  };
  struct DigestHash {
    size_t operator()(const Digest& digest) const { return size_t(digest.low); }
  };
  double quota() const { return left_over_ + fraction_ * double(input_bytes_); }

  double fraction_;
  double left_over_ = 0;  // the bytes of their shares that earlier inputs did not use
  int64_t input_bytes_ = 0, input_documents_ = 0;
  // Holds the longest tail of the current input that fits. A document that has left it never comes back,
  // because each further document adds its bytes to the tail and only a fraction of them to the quota.
  std::deque<Candidate> tail_;
  int64_t tail_bytes_ = 0;
  std::vector<int64_t> first_held_out_;  // the index of the first held-out document of each input
  std::unordered_set<Digest, DigestHash> held_out_;
  int64_t held_out_count_ = 0;
};

}  // namespace caddie
