// SPDX-License-Identifier: Apache-2.0
// Reads plain, gzip, zstd and xz files through one interface.
#include "data/byte_source.h"

#include <caddie/error.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace caddie {
namespace {

constexpr size_t kBlockBytes = 1 << 18;
constexpr int kZstdWindowLog = 31;                 // zstd writes no larger windows either.
constexpr uint64_t kXzMemory = uint64_t(2) << 30;  // The strongest preset of xz needs 65 MiB.

/// Holds a file and the block of it that is being taken in.
class RawFile {
 public:
  explicit RawFile(const std::filesystem::path& path)
      : path_(path.string()), file_(std::fopen(path.c_str(), "rbe")) {
    check(file_, "{}: cannot open it for reading: {}", path_, std::strerror(errno));
  }
  ~RawFile() { std::fclose(file_); }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;

  /// Returns what is left of the block, after reading the next one where nothing is left; empty at the end.
  std::string_view rest() {
    if (used_ == block_.size()) refill();
    return std::string_view(block_).substr(used_);
  }
  void take(size_t bytes) { used_ += bytes; }
  int64_t offset() const { return block_begin_ + int64_t(used_); }

  [[noreturn]] void damaged(const char* format, std::string_view reason) const {
    fail("{}: damaged {} file at byte {} ({}); fetch it again", path_, format, offset(), reason);
  }
  [[noreturn]] void cut_off(const char* format) const {
    fail("{}: cut-off {} file: it ends at byte {}; fetch it again", path_, format, offset());
  }
  const std::string& path() const { return path_; }

 private:
  void refill() {
    block_begin_ += int64_t(block_.size());
    used_ = 0;
    block_.resize(kBlockBytes);
    block_.resize(std::fread(block_.data(), 1, block_.size(), file_));
    check(!std::ferror(file_), "{}: cannot read it: {}", path_, std::strerror(errno));
  }

  std::string path_;
  std::FILE* file_;
  std::string block_;
  size_t used_ = 0;
  int64_t block_begin_ = 0;
};

class Plain final : public ByteSource {
 public:
  explicit Plain(const std::filesystem::path& path) : raw_(path) {}
  void read(std::string& block) override {
    block = raw_.rest();
    raw_.take(block.size());
  }
  int64_t consumed() const override { return raw_.offset(); }

 private:
  RawFile raw_;
};

/// Decompresses step by step: each takes in some of the file, and gives out some of its text or none yet.
class Decompressor : public ByteSource {
 public:
  void read(std::string& block) final {
    block.resize(kBlockBytes);
    size_t written = 0;
    while (written == 0 && !finished_) written = step(block);
    block.resize(written);
  }
  int64_t consumed() const final { return raw_.offset(); }

 protected:
  explicit Decompressor(const std::filesystem::path& path) : raw_(path) {}
  /// Writes to the beginning of `out` and returns how many bytes it wrote.
  virtual size_t step(std::string& out) = 0;

  RawFile raw_;
  bool finished_ = false;
};

bool begins_as_gzip(std::string_view bytes) { return bytes.starts_with("\x1F\x8B"); }

class Gzip final : public Decompressor {
 public:
  explicit Gzip(const std::filesystem::path& path) : Decompressor(path) {
    constexpr int kGzipOnly = 15 + 16;
    check(inflateInit2(&stream_, kGzipOnly) == Z_OK, "{}: out of memory for gzip", raw_.path());
  }
  ~Gzip() override { inflateEnd(&stream_); }

 private:
  size_t step(std::string& out) override {
    std::string_view in = raw_.rest();
    if (in.empty()) raw_.cut_off("gzip");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = unsigned(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = unsigned(out.size());
    int status = inflate(&stream_, Z_NO_FLUSH);
    raw_.take(in.size() - stream_.avail_in);
    if (status == Z_STREAM_END)
      next_member();
    else if (status == Z_MEM_ERROR)
      fail("{}: out of memory for gzip", raw_.path());
    else if (status != Z_OK && status != Z_BUF_ERROR)
      raw_.damaged("gzip", stream_.msg ? stream_.msg : "it holds a preset dictionary");
    return out.size() - stream_.avail_out;
  }

  /// Goes on after the end of a member, where another one may follow, or zeros that pad the last block of a
  /// tape.
  void next_member() {
    while (!raw_.rest().empty() && raw_.rest().front() == '\0') raw_.take(1);
    finished_ = raw_.rest().empty();
    if (finished_) return;
    if (raw_.rest().front() != '\x1F') raw_.damaged("gzip", "what follows a member is no other one");
    inflateReset(&stream_);
  }

  z_stream stream_ = {};
};

/// Returns the window in bytes that a zstd frame wants, of which `head` is the beginning. Source: RFC 8878,
/// section 3.1.1.1.
uint64_t zstd_window(std::string_view head) {
  constexpr size_t kDescriptor = 4;  // It follows the magic number.
  auto byte = [&](size_t at) { return at < head.size() ? uint64_t(uint8_t(head[at])) : 0; };
  uint64_t descriptor = byte(kDescriptor);
  bool single_segment = descriptor & 0x20;
  if (!single_segment) {
    uint64_t base = uint64_t(1) << (10 + (byte(kDescriptor + 1) >> 3));
    return base + base / 8 * (byte(kDescriptor + 1) & 7);
  }
  constexpr std::array<size_t, 4> kDictionaryBytes = {0, 1, 2, 4}, kSizeBytes = {1, 2, 4, 8};
  size_t begin = kDescriptor + 1 + kDictionaryBytes[descriptor & 3], size = kSizeBytes[descriptor >> 6];
  uint64_t window = size == 2 ? 256 : 0;
  for (size_t i = 0; i < size; ++i) window += byte(begin + i) << (8 * i);
  return window;
}

class Zstd final : public Decompressor {
 public:
  explicit Zstd(const std::filesystem::path& path) : Decompressor(path), stream_(ZSTD_createDCtx()) {
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kZstdWindowLog);
  }
  ~Zstd() override { ZSTD_freeDCtx(stream_); }

 private:
  size_t step(std::string& block) override {
    std::string_view rest = raw_.rest();
    finished_ = rest.empty() && missing_ == 0;
    if (finished_) return 0;
    if (missing_ == 0) head_.clear();
    head_ += rest.substr(0, kHeadBytes - std::min(kHeadBytes, head_.size()));
    ZSTD_outBuffer out{block.data(), block.size(), 0};
    ZSTD_inBuffer in{rest.data(), rest.size(), 0};
    missing_ = ZSTD_decompressStream(stream_, &out, &in);
    if (ZSTD_isError(missing_)) refuse(missing_);
    raw_.take(in.pos);
    if (rest.empty() && out.pos == 0 && missing_ != 0) raw_.cut_off("zstd");
    return out.pos;
  }

  /// Throws Error that says what is wrong with the frame, and whether another copy of the file would help.
  [[noreturn]] void refuse(size_t error) const {
    switch (ZSTD_getErrorCode(error)) {
      case ZSTD_error_frameParameter_windowTooLarge:
        fail(
            "{}: a zstd frame of it wants a window of {} bytes, and at most {} are read; compress it again "
            "with a smaller window, such as zstd --long=27",
            raw_.path(), zstd_window(head_), uint64_t(1) << kZstdWindowLog);
      case ZSTD_error_memory_allocation:
        fail("{}: out of memory for zstd, which wants a window of {} bytes for it", raw_.path(),
             zstd_window(head_));
      case ZSTD_error_dictionary_wrong:
        fail("{}: it was compressed with a dictionary of zstd; compress it again without one", raw_.path());
      default:
        raw_.damaged("zstd", ZSTD_getErrorName(error));
    }
  }

  static constexpr size_t kHeadBytes = 18;  // No header of a frame is longer, its magic number included.
  ZSTD_DCtx* stream_;
  std::string head_;    // the first bytes of the frame that is read
  size_t missing_ = 0;  // is 0 between frames
};

class Xz final : public Decompressor {
 public:
  explicit Xz(const std::filesystem::path& path) : Decompressor(path) {
    check(lzma_stream_decoder(&stream_, kXzMemory, LZMA_CONCATENATED) == LZMA_OK, "{}: out of memory for xz",
          raw_.path());
  }
  ~Xz() override { lzma_end(&stream_); }

 private:
  size_t step(std::string& out) override {
    std::string_view in = raw_.rest();
    stream_.next_in = reinterpret_cast<const uint8_t*>(in.data());
    stream_.avail_in = in.size();
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
    stream_.avail_out = out.size();
    lzma_ret status = lzma_code(&stream_, in.empty() ? LZMA_FINISH : LZMA_RUN);
    raw_.take(in.size() - stream_.avail_in);
    finished_ = status == LZMA_STREAM_END;
    if (finished_ || status == LZMA_OK) return out.size() - stream_.avail_out;
    if (status == LZMA_BUF_ERROR) raw_.cut_off("xz");
    if (status == LZMA_MEMLIMIT_ERROR)
      fail(
          "{}: needs {} bytes of memory to decompress; at most {} are allowed; "
          "compress it with another preset",
          raw_.path(), lzma_memusage(&stream_), kXzMemory);
    if (status == LZMA_MEM_ERROR) fail("{}: out of memory for xz", raw_.path());
    if (status == LZMA_OPTIONS_ERROR)
      fail("{}: it uses a filter that liblzma lacks; compress it again without that", raw_.path());
    raw_.damaged("xz", "corrupt data");
  }

  lzma_stream stream_ = LZMA_STREAM_INIT;
};

/// Returns whether these are the first bytes of a zstd frame, or of one that zstd skips.
bool begins_as_zstd(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  bool skippable = (uint8_t(bytes[0]) & 0xF0) == 0x50 && bytes.substr(1, 3) == "\x2A\x4D\x18";
  return skippable || bytes.starts_with("\x28\xB5\x2F\xFD");
}

}  // namespace

std::unique_ptr<ByteSource> open_bytes(const std::filesystem::path& path) {
  check(std::filesystem::is_regular_file(path), "{}: not a file of text; give plain, gzip, zstd or xz files",
        path.string());
  std::string head;
  {
    RawFile raw(path);
    head = raw.rest().substr(0, 8);
  }
  if (begins_as_gzip(head)) return std::make_unique<Gzip>(path);
  if (begins_as_zstd(head)) return std::make_unique<Zstd>(path);
  if (head.starts_with(std::string_view("\xFD\x37zXZ\0", 6))) return std::make_unique<Xz>(path);
  return std::make_unique<Plain>(path);
}

}  // namespace caddie
