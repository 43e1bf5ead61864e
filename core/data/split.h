// SPDX-License-Identifier: Apache-2.0
// Decides the split: which documents are held out for validation, and which must not be trained on because of
// them.
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
Digest digest_of(std::string_view document);

/// Says what becomes of a document.
enum class Side {
  kTrain,
  kValidation,
  kDropped,  // It would be trained on, but has the text of a validation document.
};

/// Holds out the tail of each input: its last documents, as many as fit into `fraction` of its bytes together
/// with what earlier inputs left of theirs. Survey every document of every input in order, then ask for the
/// sides.
class TailSplit {
 public:
  /// `fraction` lies in [0, 1).
  explicit TailSplit(double fraction) : fraction_(fraction) {}

  void survey(std::string_view document);
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
  // Holds the longest tail of the current input that fits. What once has left it could never come back: with
  // each document the tail behind it grows by the document's bytes, and the quota only by a fraction of them.
  std::deque<Candidate> tail_;
  int64_t tail_bytes_ = 0;
  std::vector<int64_t> first_held_out_;  // by input, the index of its first document that is held out
  std::unordered_set<Digest, DigestHash> held_out_;
  int64_t held_out_count_ = 0;
};

}  // namespace caddie
