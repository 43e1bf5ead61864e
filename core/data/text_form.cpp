// SPDX-License-Identifier: Apache-2.0
// Recognises formats by their first bytes, and text by how few of its bytes are no UTF-8.
#include "data/text_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace caddie {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kBlank = " \t\r\n\v\f";

constexpr std::pair<std::string_view, const char*> kMagics[] = {
    {"PK\x03\x04"sv, "a zip archive"},
    {"PK\x05\x06"sv, "an empty zip archive"},
    {"PAR1"sv, "a Parquet file"},
    {"ARROW1"sv, "an Arrow file"},
    {"FEA1"sv, "a Feather file"},
    {"Obj\x01"sv, "an Avro file"},
    {"ORC\x0A"sv, "an ORC file"},
    {"BZh"sv, "a bzip2 file"},
    {"\x04\x22\x4D\x18"sv, "an lz4 file"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive"},
    {"Rar!\x1A\x07"sv, "a RAR archive"},
    {"\x1F\x9D"sv, "a file of compress (.Z)"},
    {"\x1F\x8B"sv, "a gzip file within a compressed file"},
    {"\x28\xB5\x2F\xFD"sv, "a zstd file within a compressed file"},
    {"\xFD\x37zXZ\0"sv, "an xz file within a compressed file"},
    {"\x5D\0\0"sv, "an LZMA file"},
    {"%PDF-"sv, "a PDF document"},
    {"SQLite format 3\0"sv, "an SQLite database"},
    {"\x89HDF"sv, "an HDF5 file"},
    {"\x93NUMPY"sv, "a NumPy array"},
    {"GGUF"sv, "a GGUF file"},
    {"\x7F"
     "ELF"sv,
     "a program (ELF)"},
    {"\x88\xD8\x34\x01"sv, "a shard, which is tokens already"},
    {"\x89PNG"sv, "a PNG image"},
    {"\xFF\xD8\xFF"sv, "a JPEG image"},
};

/// Returns "UTF-16" or "UTF-32" when the bytes are text in it, with or without a byte-order mark. Without
/// one, zeros tell: in UTF-32 they fill most of three of every four places, and in UTF-16 more than a quarter
/// of the even places, or of the odd ones, and few of the others.
std::string_view wide_encoding(std::string_view head) {
  if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv)) return "UTF-32";
  if (head.starts_with("\xFF\xFE"sv) || head.starts_with("\xFE\xFF"sv)) return "UTF-16";
  std::array<size_t, 4> zeros = {};
  for (size_t i = 0; i < head.size(); ++i) zeros[i % 4] += head[i] == '\0';
  size_t even = zeros[0] + zeros[2], odd = zeros[1] + zeros[3];
  std::array<size_t, 4> sorted = zeros;
  std::sort(sorted.begin(), sorted.end());
  if (sorted[1] > head.size() / 6 && sorted[0] < head.size() / 16) return "UTF-32";
  if (std::max(even, odd) > head.size() / 8 && std::min(even, odd) < std::max(even, odd) / 4) return "UTF-16";
  return "";
}

/// Returns whether a byte can stand in no text: a control character other than white space and ESC.
bool is_control(uint8_t byte) {
  return byte < 0x20 && byte != 0x1B && kBlank.find(char(byte)) == kBlank.npos;
}

}  // namespace

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

std::string not_text(std::string_view head) {
  for (const auto& [magic, name] : kMagics)
    if (head.starts_with(magic)) return name;
  if (head.size() > 262 && head.substr(257, 5) == "ustar") return "a tar archive";
  if (std::string_view wide = wide_encoding(head); !wide.empty())
    return fmt::format("{} text, which 'iconv -f {} -t UTF-8' converts", wide, wide);
  size_t odd = 0;
  for (size_t i = 0; i < head.size();) {
    size_t length = utf8_length(head.substr(i));
    odd += length == 0 || (length == 1 && is_control(uint8_t(head[i])));
    i += std::max<size_t>(length, 1);
  }
  // The last character of the head may be cut.
  constexpr size_t kCut = 3;
  if (odd > kCut && odd > head.size() / 10)
    return fmt::format(
        "binary data or text in another encoding than UTF-8 ({} of its first {} bytes are bad)", odd,
        head.size());
  return "";
}

TextForm form_of(std::string_view head) {
  head = without_byte_order_mark(head);
  size_t begin = head.find_first_not_of(kBlank);
  if (begin == head.npos || head[begin] != '{') return TextForm::kParagraphs;
  size_t next = head.find_first_not_of(" \t", begin + 1);
  bool object = next != head.npos && (head[next] == '"' || head[next] == '}');
  return object ? TextForm::kJsonLines : TextForm::kParagraphs;
}

bool begins_json_document(std::string_view head) {
  head = without_byte_order_mark(head);
  auto skip = [&head](char wanted) {
    size_t at = head.find_first_not_of(kBlank);
    if (at == head.npos || head[at] != wanted) return false;
    head.remove_prefix(at + 1);
    return true;
  };
  skip('[');
  if (!skip('{') || !skip('"')) return false;
  size_t close = head.find('"');
  if (close == head.npos) return false;
  head.remove_prefix(close + 1);
  return skip(':');
}

}  // namespace caddie
