// SPDX-License-Identifier: Apache-2.0
// Writes the seal behind the last member of an object, and checks it before the text is parsed.
#include "base/sealed_json.h"

#include <caddie/error.h>

#include "base/files.h"
#include "base/hash.h"

namespace caddie {
namespace {

constexpr std::string_view kHead = "{\n \"sealed\": true,\n";
constexpr std::string_view kSeal = ",\n \"seal\": \"";
constexpr std::string_view kEnd = "\"\n}\n";
constexpr size_t kTail = kSeal.size() + kXxh3Digits + kEnd.size();

/// Tells whether the text ends as a sealed one does; the digits of the seal may be any.
bool has_tail(std::string_view text) {
  if (text.size() < kTail) return false;
  std::string_view tail = text.substr(text.size() - kTail);
  return tail.starts_with(kSeal) && tail.ends_with(kEnd);
}

/// Throws Error naming `file` unless the text ends in the hash of what stands before it.
void check_seal(std::string_view text, const std::filesystem::path& file) {
  bool intact = has_tail(text) && xxh3(text.substr(0, text.size() - kTail)) ==
                                      text.substr(text.size() - kEnd.size() - kXxh3Digits, kXxh3Digits);
  check(intact, "{}: damaged, or changed after it was written: its seal does not fit its content",
        file.string());
}

}  // namespace

std::string sealed_text(const Json& object) {
  Json marked = {{"sealed", true}};
  marked.update(object);
  std::string text = text_of(marked, 1);
  text.resize(text.size() - 2);  // This removes the line end and the brace, which follow the seal.
  std::string seal = xxh3(text);
  return text.append(kSeal).append(seal).append(kEnd);
}

Json unsealed(std::string_view text, const std::filesystem::path& file) {
  bool sealed = text.starts_with(kHead) || has_tail(text);
  if (sealed) check_seal(text, file);
  Json json = Json::parse(text, nullptr, false);
  check(json.is_object(), "{}: damaged: it is no JSON object", file.string());
  json.erase("sealed");
  json.erase("seal");
  return json;
}

void write_sealed(const std::filesystem::path& file, const Json& object) {
  write_file(file, sealed_text(object));
}

Json read_sealed(const std::filesystem::path& file) { return unsealed(read_file(file), file); }

}  // namespace caddie
