// SPDX-License-Identifier: Apache-2.0
// Reports what a folder of shards holds, and whether that is what its manifest says.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace caddie {

/// Reports one split of the folder.
struct SplitReport {
  std::string name;  // "train" or "validation"
  int64_t shards = 0, tokens = 0;
  int64_t documents = -1, bytes = -1;  // -1 when no tokenizer is known, or no sidecar of a transformed text
  int64_t unknown = 0;                 // tokens that the tokenizer has for what it cannot spell
  int64_t overcount = 0;               // the bytes that the tokens count beyond those of their text
  int64_t distinct_ids = 0;
  int max_id = -1;
  double entropy = 0;        // the entropy of single tokens, in nats per token
  double bits_per_byte = 0;  // the same entropy over the bytes of text; 0 when bytes are unknown
  std::string sample;        // the opening of the first document, decoded
};

/// Reports a folder of shards.
struct FolderReport {
  std::filesystem::path folder, tokenizer;
  int pieces = 0;  // 0 without a tokenizer
  bool has_manifest = false;
  std::vector<SplitReport> splits;
  std::vector<std::string> problems;  // differences from the manifest; empty when all hashes agree
};

/// Reads *train_*.bin and *val_*.bin of `folder`. The tokenizer is `tokenizer`, or else the folder's
/// tokenizer.model. Throws Error when the folder holds no shards or a malformed one.
FolderReport inspect(const std::filesystem::path& folder, const std::filesystem::path& tokenizer = {});

/// Returns the report for people, in several lines.
std::string describe(const FolderReport& report);
/// Returns the report for programs, as one JSON object.
std::string to_json(const FolderReport& report);

}  // namespace caddie
