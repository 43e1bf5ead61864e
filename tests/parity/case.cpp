// SPDX-License-Identifier: Apache-2.0
#include "parity/case.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/files.h"
#include "base/text.h"

namespace caddie::parity {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Json read_json(const std::filesystem::path& path) {
  try {
    return Json::parse(read_file(path));
  } catch (const Json::exception& e) {
    fail("{}: not JSON: {}", path.string(), e.what());
  }
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string shortened(const std::string& text) {
  constexpr size_t kLongest = 80;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + " ...";
}

}  // namespace

Case::Case(const std::filesystem::path& folder) : folder(folder), json(read_json(folder / "case.json")) {
  for (const char* key : {"name", "kind"})
    check(json.is_object() && json.contains(key) && json[key].is_string(),
          "{}: a case must say its '{}' in words", (folder / "case.json").string(), key);
  name = json["name"];
  kind = json["kind"];
}

const Json& Case::at(const std::string& key) const {
  check(json.contains(key), "{}: it lacks '{}'", (folder / "case.json").string(), key);
  return json[key];
}

double Case::tolerance(const std::string& what) const {
  const Json& tolerances = at("tolerance");
  check(tolerances.contains(what) && tolerances[what].is_number(), "{}: 'tolerance' lacks the number '{}'",
        (folder / "case.json").string(), what);
  return tolerances[what];
}

std::string Case::script() const {
  return json.value("source", Json::object()).value("script", std::string());
}

bool is_off(const Json& value) {
  if (value.is_number()) return value.get<double>() <= 0;
  return value.is_null() || value == false || value == "" || value == "none" ||
         (value.is_structured() && value.empty());
}

void know_keys(const Json& object, std::string_view where, const std::vector<std::string>& known) {
  for (const auto& [key, value] : object.items())
    if (!is_off(value) && !contains(known, key))
      skip("{} has the unknown key '{}' = {}", where, key, shortened(value.dump()));
}

void know_case(const Case& c, std::vector<std::string> known) {
  known.insert(known.end(),
               {"name", "kind", "description", "source", "config", "generator", "numerics", "inputs",
                "parameters", "files", "expected", "fp32_noise", "tolerance", "checks"});
  know_keys(c.json, "the case", known);
}

void know_tensors(const SafetensorsFile& file, std::string_view where,
                  const std::vector<std::string>& known) {
  for (const std::string& name : file.names())
    if (!contains(known, name)) skip("{} hold the unknown tensor '{}'", where, name);
}

void Verdict::within(std::string_view what, double error, double tolerance) {
  compared_ = true;
  double ratio = tolerance > 0 ? error / tolerance : error > 0 ? kInfinity : 0;
  if (std::isnan(error)) ratio = kInfinity;
  if (ratio < ratio_ || (ratio == ratio_ && error <= error_)) return;
  what_ = what;
  error_ = error;
  tolerance_ = tolerance;
  ratio_ = ratio;
}

std::string Verdict::reason() const {
  if (!compared_) return "nothing was compared";
  if (tolerance_ == 0) return fmt::format("{}: {:.6g} differ", what_, error_);
  return fmt::format("{}: off by {:.3g}, allowed {:.3g}", what_, error_, tolerance_);
}

double largest_difference(std::span<const float> got, std::span<const double> wanted) {
  if (got.size() != wanted.size()) return kInfinity;
  double largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    double difference = std::abs(double(got[i]) - wanted[i]);
    if (!(difference <= largest)) largest = difference;  // a NaN stays
    if (std::isnan(largest)) return largest;
  }
  return largest;
}

double largest_magnitude(std::span<const double> values) {
  double largest = 0;
  for (double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

}  // namespace caddie::parity
