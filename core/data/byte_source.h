// SPDX-License-Identifier: Apache-2.0
// Yields the bytes of a file of text, decompressed where its first bytes say that it is compressed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace caddie {

/// Reads one file from beginning to end, block by block. It recognises gzip (any number of members), zstd
/// (windows of up to 2 GiB) and xz (up to 2 GiB of memory) by their first bytes, and passes on all else as it
/// is.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  /// Replaces `block` by the next bytes, none at the end of the file. Throws Error naming the file and the
  /// offset in it where it is damaged or cut off.
  virtual void read(std::string& block) = 0;

  /// Returns how many bytes of the file have been taken in so far, compressed ones where it is compressed.
  virtual int64_t consumed() const = 0;
};

/// Opens a file for reading. Throws Error when it is no regular file, or cannot be opened.
std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path);

}  // namespace caddie
