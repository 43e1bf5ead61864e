// SPDX-License-Identifier: Apache-2.0
// Names the type of what was thrown, for objects that say nothing themselves.
#pragma once

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <typeinfo>

namespace caddie {

/// Says what the exception that is being handled is, which is no std::exception: "it throws a value of type
/// int, which is no std::exception".
inline std::string words_for_foreign_exception() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (!type) return "it throws a value of unknown type, which is no std::exception";
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type->name(), nullptr, nullptr, &status), std::free);
  return "it throws a value of type " + std::string(status == 0 ? name.get() : type->name()) +
         ", which is no std::exception";
}

}  // namespace caddie
