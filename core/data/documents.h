// SPDX-License-Identifier: Apache-2.0
// Reads documents one at a time from text or JSON lines, plain or compressed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace caddie {

class ByteSource;

/// Yields the documents of one file, whose first bytes say how it is compressed and what it holds. In JSON
/// lines (the first line begins an object) a document is a line's `field`; in other text it is a run of lines
/// that are not blank, with line feeds between them. White space at both ends is cut off; a document of
/// nothing else is skipped.
class DocumentReader {
 public:
  /// Throws Error when the file cannot be read, holds no UTF-8 text, or is called .json, .jsonl or .ndjson
  /// and holds no JSON lines.
  DocumentReader(const std::filesystem::path& path, std::string field);
  ~DocumentReader();

  /// Reads the next document; returns false at the end. Throws Error naming the file when it is compressed
  /// and damaged or cut off, and also line and column when one is malformed.
  bool next(std::string& document);

  /// Returns how many bytes of the file have been read so far, compressed ones where it is compressed.
  int64_t consumed() const;

 private:
  bool read_line(std::string& line);
  bool next_paragraphs(std::string& document);
  bool next_record(std::string& document);

  std::filesystem::path path_;
  std::string field_;
  bool json_lines_ = false;
  std::unique_ptr<ByteSource> source_;
  std::string buffer_, line_;
  size_t cursor_ = 0;  // the place in the buffer where the next line begins
  int64_t lines_ = 0;
};

}  // namespace caddie
