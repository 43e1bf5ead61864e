// SPDX-License-Identifier: Apache-2.0
// Chooses the JSON types that Caddie reads and writes, and how their text and their errors are printed.
#pragma once

#include <exception>
#include <nlohmann/json.hpp>
#include <string>

namespace caddie {

/// Keeps the members of an object in the order in which they were written, which is the order that people
/// read them in. Finding a name takes time in proportion to the number of members.
using Json = nlohmann::ordered_json;

/// Sorts the members of an object by name, so that finding one is fast among a hundred thousand: it is for
/// files that others wrote.
using ForeignJson = nlohmann::json;

/// Returns the text of JSON, indented by `indent` spaces, or on one line where that is negative. Bytes that
/// are not UTF-8, as paths may have, are written as U+FFFD, because a reader would refuse them.
inline std::string text_of(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

/// Returns what an exception says, without the names of the JSON library's own errors before it.
inline std::string reason_of(const std::exception& error) {
  std::string what = error.what();
  size_t end = what.starts_with("[json.exception") ? what.find("] ") : std::string::npos;
  return end == std::string::npos ? what : what.substr(end + 2);
}

}  // namespace caddie
