// SPDX-License-Identifier: Apache-2.0
// Defines the one exception type, for whatever a user can cause.
#pragma once

#include <caddie/abi.h>

#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace caddie {

class Shape;

/// Says where something is wrong, what is wrong, and what would be right, in one sentence.
class CADDIE_API Error : public std::runtime_error {
 public:
  /// `code` becomes the exit status of the program: 2 for usage or configuration, 4 for a plugin, 1 for
  /// everything else.
  explicit Error(const std::string& message, int code = 1) : std::runtime_error(message), code_(code) {}
  ~Error() override;
  int code() const { return code_; }

 private:
  int code_;
};

/// Holds a value as it appears in a message.
struct CADDIE_API Text {
  std::string text;
  Text(std::string_view s) : text(s) {}
  Text(const std::string& s) : text(s) {}
  Text(const char* s) : text(s) {}
  Text(bool b) : text(b ? "true" : "false") {}
  Text(double d);
  Text(float f) : Text(double(f)) {}
  Text(const Shape& shape);
  Text(int i) : text(std::to_string(i)) {}
  Text(unsigned i) : text(std::to_string(i)) {}
  Text(long i) : text(std::to_string(i)) {}
  Text(unsigned long i) : text(std::to_string(i)) {}
};

/// Returns `format` with each argument in the place of the next "{}".
CADDIE_API std::string message(std::string_view format, std::initializer_list<Text> arguments);

/// Throws an Error with the message and exit status 1.
template <class... A>
[[noreturn]] void fail(std::string_view format, const A&... arguments) {
  throw Error(message(format, {Text(arguments)...}));
}

/// Throws an Error with the message and exit status 1 unless `ok`.
template <class... A>
void check(bool ok, const char* format, const A&... arguments) {
  if (!ok) [[unlikely]]
    fail(format, arguments...);
}

}  // namespace caddie
