// SPDX-License-Identifier: Apache-2.0
// One parity case: a folder with case.json and tensor files, whose expected numbers came out of upstream's
// own code; and the verdict on what Caddie computes for it.
#pragma once

#include <caddie/error.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "tensor/safetensors.h"

namespace caddie::parity {

/// Thrown where Caddie lacks what a case is about; the message names it.
class Skip : public Error {
 public:
  using Error::Error;
};

template <class... A>
[[noreturn]] void skip(std::string_view format, const A&... arguments) {
  throw Skip(message(format, {Text(arguments)...}));
}

struct Case {
  /// Reads case.json in `folder`. Throws Error naming the file when it is malformed or lacks name or kind.
  explicit Case(const std::filesystem::path& folder);

  std::filesystem::path folder;
  std::string name, kind;
  Json json;

  /// Throws Error naming the case when the key is absent.
  const Json& at(const std::string& key) const;
  const Json& config() const { return at("config"); }
  const Json& expected() const { return at("expected"); }
  /// The upstream script that the numbers came out of, "" when the case does not say.
  std::string script() const;
  /// A tolerance of the case by its name, such as "loss_abs".
  double tolerance(const std::string& what) const;
  SafetensorsFile tensors(const std::string& file) const { return SafetensorsFile(folder / file); }
  bool has(const std::string& file) const { return std::filesystem::exists(folder / file); }
};

/// How upstream writes that something is off: null, false, a number that is not above 0, "", "none", and a
/// list or table that is empty.
bool is_off(const Json& value);

/// Throws Skip naming the first key of `object` that is on and not among `known`.
void know_keys(const Json& object, std::string_view where, const std::vector<std::string>& known);
/// The same for the case itself, whose keys every kind has: name, source, tolerance and the like are known.
void know_case(const Case& c, std::vector<std::string> known);
/// Throws Skip naming the first tensor of the file that is not among `known`.
void know_tensors(const SafetensorsFile& file, std::string_view where, const std::vector<std::string>& known);

/// All comparisons of a case, of which the worst is kept: that with the largest error for its tolerance.
class Verdict {
 public:
  /// Passes when error <= tolerance; NaN does not.
  void within(std::string_view what, double error, double tolerance);
  /// Passes when `differing` is 0; the error is the number of differing entries.
  void equal(std::string_view what, size_t differing) { within(what, double(differing), 0); }
  template <class T>
  void equal(std::string_view what, const std::vector<T>& got, const std::vector<T>& wanted) {
    equal(what, differing(got, wanted));
  }

  /// Something to tell even of a case that passes.
  void note(const std::string& text) { notes_ += (notes_.empty() ? "" : "; ") + text; }
  const std::string& notes() const { return notes_; }

  bool passed() const { return compared_ && ratio_ <= 1; }
  double error() const { return error_; }
  double tolerance() const { return tolerance_; }
  /// What was worst, in words.
  std::string reason() const;

 private:
  template <class T>
  static size_t differing(const std::vector<T>& got, const std::vector<T>& wanted) {
    size_t count = got.size() > wanted.size() ? got.size() - wanted.size() : wanted.size() - got.size();
    for (size_t i = 0; i < std::min(got.size(), wanted.size()); ++i) count += got[i] != wanted[i];
    return count;
  }

  bool compared_ = false;
  std::string what_, notes_;
  double error_ = 0, tolerance_ = 0, ratio_ = -1;
};

/// Largest |got - wanted|; infinite when the lengths differ.
double largest_difference(std::span<const float> got, std::span<const double> wanted);
double largest_magnitude(std::span<const double> values);
/// The bytes of a stored tensor as text.
inline std::string_view text_of(const StoredTensor& stored) {
  return {reinterpret_cast<const char*>(stored.bytes.data()), stored.bytes.size()};
}
inline std::span<const float> numbers(const Tensor& tensor) {
  return {tensor.data(), size_t(tensor.numel())};
}

}  // namespace caddie::parity
