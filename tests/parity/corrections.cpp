// SPDX-License-Identifier: Apache-2.0
#include "parity/corrections.h"

#include <cmath>

#include "../../plugins/correctors/factor_codes.h"

namespace caddie::parity {
namespace {

constexpr double kShareOfError = 1.05;      // upstream's own bound for other signs of the singular vectors
constexpr double kProductTolerance = 1e-6;  // of products that are added in float32

/// The names of upstream's arrays, when the factors are stored with groups and when by rows.
constexpr std::pair<const char*, const char*> kByGroup[] = {
    {"a", ".lqA_a"}, {"a_scale", ".lqAs_a"}, {"b", ".lqB_a"}, {"b_scale", ".lqBs_a"}};
constexpr std::pair<const char*, const char*> kByRow[] = {
    {"a", ".lqA"}, {"a_scale", ".lqAs"}, {"b", ".lqB"}, {"b_scale", ".lqBs"}};

double distance(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (int64_t i = 0; i < a.numel(); ++i) {
    double difference = double(a.data()[i]) - double(b.data()[i]);
    sum += difference * difference;
  }
  return std::sqrt(sum);
}

/// Stores the factors of the case, and compares the arrays and what the weight becomes with them.
void check_given_factors(const Case& c, const std::string& name, const Tensor& uncorrected,
                         const SafetensorsFile& expected, Verdict& verdict) {
  SafetensorsFile factors = c.tensors("factors.safetensors");
  bool groups = expected.has(name + kByGroup[0].second);
  Packed packed = pack_factors(
      {factors.floats(name + ".A"), factors.floats(name + ".B")},
      {groups, c.config().value("lqer_asym_group", int64_t(64)), c.config().value("lqer_factor_bits", 4)});
  for (const auto& [own, upstreams] : groups ? kByGroup : kByRow)
    for (const Array& array : packed)
      if (array.name == own)
        verdict.equal(name + upstreams, array.bytes != text_of(expected.tensor(name + upstreams)));
  Tensor corrected = clone(uncorrected);
  add_product(packed, corrected);
  verdict.within("dequant." + name,
                 largest_difference(numbers(corrected), expected.doubles("dequant." + name)),
                 kProductTolerance);
}

}  // namespace

bool is_corrected(const SafetensorsFile& expected, const std::string& name) {
  return expected.has(name + kByGroup[0].second) || expected.has(name + kByRow[0].second);
}

void check_correction(const Case& c, const ArtifactTensor& tensor, const Tensor& before,
                      const Tensor& uncorrected, const Tensor& after, Verdict& verdict) {
  const std::string& name = tensor.name;
  SafetensorsFile expected = c.tensors("expected.safetensors");
  verdict.equal(name + ", number of corrections", tensor.corrections.size() != 1);
  const Json& errors = c.expected().at("errors").at(name);
  double without = errors.at("frobenius_error_without_lqer"), with = errors.at("frobenius_error");
  verdict.within("error of " + name, distance(before, after), std::min(without, kShareOfError * with));
  check_given_factors(c, name, uncorrected, expected, verdict);
}

}  // namespace caddie::parity
