// SPDX-License-Identifier: Apache-2.0
// Structs are JSON objects: one visit of a struct's members both writes and reads them.
//
//     struct Look {
//       int64_t seeds = 0;
//       std::optional<double> bound;
//       template <class Fields>
//       void fields(Fields& f) {
//         f("seeds", seeds);
//         f.maybe("bound", bound);
//       }
//     };
//     Json json = written(look);
//     Look again = read_fields<Look>(json);
#pragma once

#include <caddie/error.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.h"

namespace caddie {

/// Holds values by label, in the order in which they came. In JSON it is an object whose members are not
/// known beforehand.
template <class T>
using Labelled = std::vector<std::pair<std::string, T>>;

namespace json_fields {

class Writer;

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsLabelled : std::false_type {};
template <class T>
struct IsLabelled<Labelled<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

template <class T>
concept Struct = requires(T& value, Writer& writer) {
  value.fields(writer);
};

template <class T>
Json write(T& value);
template <class T>
void read(const Json& json, T& value);

/// Visits the members of a struct and writes each into a JSON object.
class Writer {
 public:
  Json json = Json::object();

  template <class T>
  void operator()(const char* name, T& value) {
    json[name] = write(value);
  }
  /// Leaves out what is empty: an optional without a value, an empty text, or a list or an object without
  /// members.
  template <class T>
  void maybe(const char* name, T& value) {
    Json written = write(value);
    bool holds = IsOptional<T>::value ? !written.is_null() : written.is_number() || written.is_boolean();
    if (written.is_string()) holds = !written.get_ref<const std::string&>().empty();
    if (written.is_structured()) holds = IsOptional<T>::value || !written.empty();
    if (holds) json[name] = std::move(written);
  }
};

/// Visits the members of a struct and reads each from a JSON object.
class Reader {
 public:
  explicit Reader(const Json& json) : json_(json) {}

  /// Throws Error when the member is not there.
  template <class T>
  void operator()(const char* name, T& value) {
    check(json_.contains(name), "member '{}' is missing", name);
    read_member(name, json_.at(name), value);
  }
  /// Leaves the value as it is when the member is not there, or null, as JSON writes NaN.
  template <class T>
  void maybe(const char* name, T& value) {
    auto found = json_.find(name);
    if (found != json_.end() && !found->is_null()) read_member(name, *found, value);
  }

 private:
  /// Reads the member, and names it in the error about it.
  template <class T>
  static void read_member(const char* name, const Json& json, T& value) {
    try {
      read(json, value);
    } catch (const Error& error) {
      throw Error(message("{}: {}", {name, error.what()}), error.code());
    } catch (const Json::exception& error) {
      fail("{}: {}", name, reason_of(error));
    }
  }

  const Json& json_;
};

template <class T>
Json write(T& value) {
  if constexpr (Struct<T>) {
    Writer writer;
    value.fields(writer);
    return std::move(writer.json);
  } else if constexpr (IsOptional<T>::value) {
    return value ? write(*value) : Json();
  } else if constexpr (IsLabelled<T>::value) {
    Json json = Json::object();
    for (auto& [label, member] : value) json[label] = write(member);
    return json;
  } else if constexpr (IsVector<T>::value) {
    Json json = Json::array();
    for (auto& member : value) json.push_back(write(member));
    return json;
  } else {
    return value;
  }
}

/// Reads a number without a fraction that T can hold.
template <class T>
void read_whole(const Json& json, T& value) {
  using Limits = std::numeric_limits<T>;
  bool fits = json.is_number_unsigned() ? std::in_range<T>(json.get<uint64_t>())
                                        : json.is_number_integer() && std::in_range<T>(json.get<int64_t>());
  check(fits, "{} is no whole number from {} to {}", text_of(json), Limits::min(), Limits::max());
  json.get_to(value);
}

template <class T>
void read(const Json& json, T& value) {
  if constexpr (Struct<T>) {
    Reader reader(json);
    value.fields(reader);
  } else if constexpr (IsOptional<T>::value) {
    if (!json.is_null()) read(json, value.emplace());
  } else if constexpr (IsLabelled<T>::value) {
    check(json.is_object(), "{} is no object", text_of(json));
    value.clear();
    for (const auto& [label, member] : json.items())
      read(member, value.emplace_back(label, typename T::value_type::second_type{}).second);
  } else if constexpr (IsVector<T>::value) {
    check(json.is_array(), "{} is no list", text_of(json));
    value.clear();
    for (const Json& member : json) read(member, value.emplace_back());
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    read_whole(json, value);
  } else {
    json.get_to(value);
  }
}

}  // namespace json_fields

/// Returns the struct as a JSON object, its members in the order of the visit.
template <class T>
Json written(T value) {
  return json_fields::write(value);
}

/// Returns the struct that an object holds. Members that the struct does not know are passed over. Throws
/// Error naming the member when one is missing, of another type, or a number that its type cannot hold.
template <class T>
T read_fields(const Json& json) {
  T value;
  json_fields::read(json, value);
  return value;
}

}  // namespace caddie
