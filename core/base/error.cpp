// SPDX-License-Identifier: Apache-2.0
// Fills the placeholders of messages, and is the home of the destructor of Error.
#include <caddie/error.h>

#include <fmt/format.h>

namespace caddie {

Error::~Error() = default;

Text::Text(double d) : text(fmt::format("{}", d)) {}

std::string message(std::string_view format, std::initializer_list<Text> arguments) {
  std::string out;
  const Text* next = arguments.begin();
  for (size_t i = 0; i < format.size(); ++i) {
    if (format.substr(i, 2) == "{}" && next != arguments.end()) {
      out += (next++)->text;
      ++i;
    } else {
      out += format[i];
    }
  }
  return out;
}

}  // namespace caddie
