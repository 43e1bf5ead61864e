// SPDX-License-Identifier: Apache-2.0
// Finds the files that a corpus consists of, and reads their documents in one pass.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/file_identity.h"
#include "data/documents.h"
#include "data/progress.h"
#include "data/split.h"

namespace caddie {

/// Describes one file of text.
struct Input {
  std::filesystem::path path;
  FileIdentity identity;  // the file's when it was found, before it was hashed
  std::string hash;       // the file's XXH3-128
  int64_t documents = 0, invalid_documents = 0, text_bytes = 0;  // are filled by the survey

  int64_t file_bytes() const { return identity.bytes; }
};

/// Returns the files that the patterns stand for: patterns in the order given, files of one pattern in the
/// order of their paths' bytes. Throws Error when a pattern matches nothing, names no regular file, or names
/// a file twice.
std::vector<Input> find_inputs(const std::vector<std::string>& patterns);

/// Throws Error naming the first input that was changed since it was found.
void check_unchanged(const std::vector<Input>& inputs);

/// Reads the documents of all inputs once, in order.
class Pass {
 public:
  /// The inputs and the progress must outlive the pass.
  Pass(const std::vector<Input>& inputs, std::string field, ByteProgress& progress);

  /// Reads the next document of any input; returns false at the end.
  bool next(std::string& document);

  /// Returns the side of the document just read, which has this digest.
  Side side(const TailSplit& split, const Digest& digest) const { return split.side(input_, index_, digest); }

 private:
  const std::vector<Input>& inputs_;
  std::string field_;
  ByteProgress& progress_;
  std::unique_ptr<DocumentReader> reader_;
  size_t input_ = 0;
  int64_t index_ = -1;    // the number of the document in its input
  int64_t finished_ = 0;  // the bytes of the files before this input
};

}  // namespace caddie
