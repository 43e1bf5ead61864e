// SPDX-License-Identifier: Apache-2.0
#include "data/documents.h"

#include <caddie/error.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/text.h"

namespace caddie {
namespace {

constexpr size_t kBlockBytes = 1 << 18;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void trim(std::string& text) { text = std::string(trimmed(text)); }

bool holds_json_lines(std::filesystem::path path) {
  if (path.extension() == ".gz" || path.extension() == ".zst") path.replace_extension();
  return path.extension() == ".jsonl" || path.extension() == ".ndjson";
}

bool begins_as_zstd(const std::filesystem::path& path) {
  constexpr unsigned char kMagic[4] = {0x28, 0xB5, 0x2F, 0xFD};
  unsigned char head[4] = {};
  std::FILE* file = std::fopen(path.c_str(), "rbe");
  check(file, "{}: cannot open it for reading: {}", path.string(), std::strerror(errno));
  size_t got = std::fread(head, 1, sizeof head, file);
  std::fclose(file);
  return got == sizeof head && std::memcmp(head, kMagic, sizeof head) == 0;
}

}  // namespace

/// Yields the uncompressed bytes of a file, block by block.
class DocumentReader::Source {
 public:
  virtual ~Source() = default;
  /// Replaces `block` by the next bytes, none at the end of the file.
  virtual void read(std::string& block) = 0;
  virtual int64_t consumed() const = 0;

  static std::unique_ptr<Source> open(const std::filesystem::path& path);

 private:
  class Gzip;
  class Zstd;
};

/// Reads gzip files of one or several members, and plain files, which zlib passes through.
class DocumentReader::Source::Gzip final : public Source {
 public:
  explicit Gzip(const std::filesystem::path& path) : path_(path), file_(gzopen(path.c_str(), "rbe")) {
    check(file_, "{}: cannot open it for reading: {}", path.string(), std::strerror(errno));
    gzbuffer(file_, kBlockBytes);
  }
  ~Gzip() override { gzclose(file_); }

  void read(std::string& block) override {
    block.resize(kBlockBytes);
    int got = gzread(file_, block.data(), unsigned(block.size()));
    block.resize(size_t(std::max(got, 0)));
    int status = Z_OK;
    const char* reason = gzerror(file_, &status);
    check(got >= 0 && status != Z_BUF_ERROR, "{}: damaged or cut-off gzip file ({}); fetch it again",
          path_.string(), reason);
  }
  int64_t consumed() const override { return gzoffset(file_); }

 private:
  std::filesystem::path path_;
  gzFile file_;
};

class DocumentReader::Source::Zstd final : public Source {
 public:
  explicit Zstd(const std::filesystem::path& path)
      : path_(path),
        file_(std::fopen(path.c_str(), "rbe")),
        stream_(ZSTD_createDStream()),
        raw_(ZSTD_DStreamInSize()) {
    check(file_, "{}: cannot open it for reading: {}", path.string(), std::strerror(errno));
  }
  ~Zstd() override {
    ZSTD_freeDStream(stream_);
    std::fclose(file_);
  }

  void read(std::string& block) override {
    block.resize(kBlockBytes);
    ZSTD_outBuffer out{block.data(), block.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !refill()) break;
      pending_ = ZSTD_decompressStream(stream_, &out, &in_);
      check(!ZSTD_isError(pending_), "{}: damaged zstd file ({}); fetch it again", path_.string(),
            ZSTD_getErrorName(pending_));
    }
    block.resize(out.pos);
  }
  int64_t consumed() const override { return consumed_; }

 private:
  bool refill() {
    in_ = {raw_.data(), std::fread(raw_.data(), 1, raw_.size(), file_), 0};
    consumed_ += int64_t(in_.size);
    check(in_.size > 0 || pending_ == 0, "{}: cut-off zstd file; fetch it again", path_.string());
    return in_.size > 0;
  }

  std::filesystem::path path_;
  std::FILE* file_;
  ZSTD_DStream* stream_;
  std::vector<char> raw_;
  ZSTD_inBuffer in_ = {nullptr, 0, 0};
  size_t pending_ = 0;  // zstd's hint of how much is missing of the current frame
  int64_t consumed_ = 0;
};

std::unique_ptr<DocumentReader::Source> DocumentReader::Source::open(const std::filesystem::path& path) {
  check(std::filesystem::is_regular_file(path), "{}: not a file of text; give plain, gzip or zstd files",
        path.string());
  if (begins_as_zstd(path)) return std::make_unique<Zstd>(path);
  return std::make_unique<Gzip>(path);
}

DocumentReader::DocumentReader(const std::filesystem::path& path, std::string field)
    : path_(path),
      field_(std::move(field)),
      json_lines_(holds_json_lines(path)),
      source_(Source::open(path)) {}

DocumentReader::~DocumentReader() = default;

int64_t DocumentReader::consumed() const { return source_->consumed(); }

bool DocumentReader::next(std::string& document) {
  return json_lines_ ? next_record(document) : next_paragraphs(document);
}

bool DocumentReader::read_line(std::string& line) {
  line.clear();
  for (bool any = false;; any = true) {
    if (cursor_ == buffer_.size()) {
      cursor_ = 0;
      source_->read(buffer_);
      if (buffer_.empty() && !any) return false;
      if (buffer_.empty()) break;
    }
    size_t end = buffer_.find('\n', cursor_);
    line.append(buffer_, cursor_, end - cursor_);
    cursor_ = end == buffer_.npos ? buffer_.size() : end + 1;
    if (end != buffer_.npos) break;
  }
  if (lines_++ == 0 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

bool DocumentReader::next_paragraphs(std::string& document) {
  document.clear();
  while (read_line(line_)) {
    if (!trimmed(line_).empty()) {
      if (!document.empty()) document += '\n';
      document += line_;
    } else if (!document.empty()) {
      break;
    }
  }
  trim(document);
  return !document.empty();
}

bool DocumentReader::next_record(std::string& document) {
  while (read_line(line_)) {
    if (trimmed(line_).empty()) continue;
    auto record = ForeignJson::parse(line_, nullptr, false);
    check(record.is_object(), "{}:{}: not a JSON object; a .jsonl file has one on each line", path_.string(),
          lines_);
    auto text = record.find(field_);
    if (text == record.end() || !text->is_string()) {
      std::vector<std::string> names;
      for (const auto& [name, value] : record.items())
        if (value.is_string()) names.push_back(name);
      fail("{}:{}: no text in the field \"{}\"; choose one with --field{}", path_.string(), lines_, field_,
           suggestion(field_, names));
    }
    document = text->get_ref<const std::string&>();
    trim(document);
    if (!document.empty()) return true;
  }
  return false;
}

bool is_valid_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t k) { return i + k < text.size() ? uint8_t(text[i + k]) : uint8_t(0); };
    uint8_t first = byte(0);
    size_t length = first < 0x80                    ? 1
                    : first >= 0xC2 && first < 0xE0 ? 2
                    : first >> 4 == 0xE             ? 3
                    : first >> 3 == 0x1E            ? 4
                                                    : 0;
    if (length == 0) return false;
    for (size_t k = 1; k < length; ++k)
      if ((byte(k) & 0xC0) != 0x80) return false;
    bool overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
    bool surrogate = first == 0xED && byte(1) > 0x9F;
    bool too_large = first > 0xF4 || (first == 0xF4 && byte(1) > 0x8F);
    if (overlong || surrogate || too_large) return false;
    i += length;
  }
  return true;
}

}  // namespace caddie
