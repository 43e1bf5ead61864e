// SPDX-License-Identifier: Apache-2.0
// Reads documents one at a time from text or .jsonl files, plain or compressed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace caddie {

/// Yields the documents of one file. gzip and zstd are told by their first bytes. In a file named .jsonl or
/// .ndjson (before .gz or .zst) a document is a line's `field`; in any other it is a run of lines that are
/// not blank, with line feeds between them. White space at both ends is cut off; a document of nothing else
/// is skipped.
class DocumentReader {
 public:
  /// Throws Error when the file cannot be read.
  DocumentReader(const std::filesystem::path& path, std::string field);
  ~DocumentReader();

  /// Reads the next document; returns false at the end. Throws Error naming the file when it is compressed
  /// and damaged or cut off, and also the line when one is malformed.
  bool next(std::string& document);

  /// Returns how many bytes of the file have been read so far, compressed ones where it is compressed.
  int64_t consumed() const;

 private:
  class Source;
  bool read_line(std::string& line);
  bool next_paragraphs(std::string& document);
  bool next_record(std::string& document);

  std::filesystem::path path_;
  std::string field_;
  bool json_lines_;
  std::unique_ptr<Source> source_;
  std::string buffer_, line_;
  size_t cursor_ = 0;  // where in the buffer the next line begins
  int64_t lines_ = 0;
};

/// Returns whether the text is UTF-8 without overlong forms, surrogates and code points above U+10FFFF.
bool is_valid_utf8(std::string_view text);

}  // namespace caddie
