// SPDX-License-Identifier: Apache-2.0
// Splits a file into documents: JSON lines by their field, other text at blank lines.
#include "data/documents.h"

#include <caddie/error.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/characters.h"
#include "base/json.h"
#include "base/text.h"
#include "data/byte_source.h"
#include "data/text_form.h"

namespace caddie {
namespace {

constexpr size_t kHeadBytes = 1 << 16;

void trim(std::string& text) { text = std::string(trimmed(text)); }

/// Returns whether one of the endings of the file's name says that it holds JSON.
bool is_named_json(const std::filesystem::path& path) {
  for (const std::string& ending : split(in_lower_case(path.filename().string()), '.'))
    if (ending == "json" || ending == "jsonl" || ending == "ndjson") return true;
  return false;
}

/// Returns what a line of JSON lacks, as "column 12: invalid literal".
std::string json_fault(const std::string& line) {
  try {
    ForeignJson other = ForeignJson::parse(line);
    return "column 1: not a JSON object; JSON lines have one on each line";
  } catch (const ForeignJson::parse_error& error) {
    std::string reason = error.what();
    if (size_t begin = reason.find(" - "); begin != reason.npos) reason = reason.substr(begin + 3);
    reason = reason.substr(0, reason.find("; last read"));
    std::string_view before = std::string_view(line).substr(0, std::min(line.size(), error.byte));
    std::string_view word = before.substr(before.find_last_of(" :,[{-") + 1);
    if (word == "N" || word == "Na" || word == "NaN" || word == "I")
      reason = "NaN and Infinity are no JSON; write null or leave the field out";
    return message("column {}: not a JSON object: {}", {error.byte, reason});
  }
}

}  // namespace

DocumentReader::DocumentReader(const std::filesystem::path& path, std::string field)
    : path_(path), field_(std::move(field)), source_(open_bytes(path)) {
  std::string block;
  do {
    source_->read(block);
    buffer_ += block;
  } while (!block.empty() && buffer_.size() < kHeadBytes);
  std::string_view head = std::string_view(buffer_).substr(0, kHeadBytes);
  std::string fault = not_text(head);
  check(fault.empty(), "{}: {}; give UTF-8 text or JSON lines, plain or compressed by gzip, zstd or xz",
        path.string(), fault);
  json_lines_ = form_of(head) == TextForm::kJsonLines;
  check(json_lines_ || !begins_json_document(head),
        "{}: a JSON document over several lines; give JSON lines, one object on each line (jq -c '.[]' makes "
        "them of an array)",
        path.string());
  check(json_lines_ || trimmed(head).empty() || !is_named_json(path),
        "{}: its name says JSON lines, but its first line is no JSON object; rename it if it is plain text",
        path.string());
}

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
  if (lines_++ == 0) line.erase(0, line.size() - without_byte_order_mark(line).size());
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
    if (!record.is_object()) fail("{}:{}: {}", path_.string(), lines_, json_fault(line_));
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

}  // namespace caddie
