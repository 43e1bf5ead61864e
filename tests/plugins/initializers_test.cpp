// SPDX-License-Identifier: Apache-2.0
#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

constexpr ModelShape kDeepModel = {.vocabulary = 7, .layers = 8, .width = 64};

Tensor filled(const char* plugin, const Values& settings, const Shape& shape, Place place) {
  PluginHost host(plugin, settings, kDeepModel);
  Tensor weight(shape);
  for (int64_t i = 0; i < weight.numel(); ++i) weight.data()[i] = 99;
  Rng rng(3, "weights");
  host.as<Initializer>().fill(weight, {"w", shape, Role::kMatrix, place, 0, "model", {}}, kDeepModel, rng);
  return weight;
}

double largest(const Tensor& weight) {
  double most = 0;
  for (int64_t i = 0; i < weight.numel(); ++i) most = std::max(most, std::abs(double(weight.data()[i])));
  return most;
}

// The largest difference of the Gram matrix of the shorter side from `square` times the identity.
double distance_from_orthogonal(const Tensor& w, double square) {
  int64_t out = w.shape()[0], in = w.shape()[1], count = std::min(out, in), length = std::max(out, in);
  auto at = [&](int64_t v, int64_t i) { return double(w.data()[out <= in ? v * in + i : i * in + v]); };
  double most = 0;
  for (int64_t a = 0; a < count; ++a)
    for (int64_t b = 0; b < count; ++b) {
      double product = a == b ? -square : 0;
      for (int64_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
      most = std::max(most, std::abs(product));
    }
  return most;
}

}  // namespace

TEST_CASE("default is uniform within 1/sqrt(in), with outputs at zero", "[initializers]") {
  Tensor query = filled("default", {}, {33, 64}, Place::kQuery);
  CHECK(largest(query) <= 0.125);
  CHECK(largest(query) > 0.12);
  double sum = 0;
  for (int64_t i = 0; i < query.numel(); ++i) sum += query.data()[i];
  CHECK(std::abs(sum) < 4 * 0.125 / std::sqrt(3.0) * std::sqrt(33.0 * 64));
  CHECK(squared_norm(query) / double(query.numel()) == Approx(1 / 192.0).epsilon(0.1));
  for (Place place : {Place::kAttentionOut, Place::kMlpOut, Place::kHead})
    CHECK(largest(filled("default", {}, {5, 64}, place)) == 0);
}

TEST_CASE("orthogonal makes the shorter side orthonormal", "[initializers]") {
  const char* plugin = "orthogonal";
  CHECK(distance_from_orthogonal(filled(plugin, {}, {64, 64}, Place::kQuery), 1) < 1e-6);
  CHECK(distance_from_orthogonal(filled(plugin, {}, {77, 64}, Place::kMlpIn), 1) < 1e-6);
  CHECK(distance_from_orthogonal(filled(plugin, {}, {64, 100}, Place::kMlpIn), 1) < 1e-6);
  CHECK(distance_from_orthogonal(filled(plugin, {{"min_size", "0"}}, {3, 5}, Place::kKey), 1) < 1e-6);
  CHECK(distance_from_orthogonal(filled(plugin, {{"min_size", "0"}}, {1, 1}, Place::kKey), 1) < 1e-6);
}

TEST_CASE("orthogonal scales by 1/sqrt(2 layers) where it is told to", "[initializers]") {
  const char* plugin = "orthogonal";
  CHECK(distance_from_orthogonal(filled(plugin, {}, {64, 65}, Place::kOther), 1 / 16.0) < 1e-6);
  CHECK(distance_from_orthogonal(filled(plugin, {{"scale_other", "false"}}, {64, 65}, Place::kOther), 1) <
        1e-6);
  Values literal = {{"proj_init", "ortho_scaled"}};
  CHECK(distance_from_orthogonal(filled(plugin, literal, {64, 65}, Place::kMlpOut), 1 / 16.0) < 1e-6);
  CHECK(distance_from_orthogonal(filled(plugin, literal, {64, 65}, Place::kMlpIn), 1) < 1e-6);
  CHECK(largest(filled(plugin, {}, {64, 65}, Place::kMlpOut)) == 0);
  CHECK(largest(filled(plugin, literal, {64, 65}, Place::kHead)) == 0);
}

TEST_CASE("orthogonal leaves short matrices uniform, so that none stays at zero", "[initializers]") {
  Tensor small = filled("orthogonal", {}, {77, 16}, Place::kOther);
  CHECK(largest(small) <= 0.25);
  CHECK(largest(small) > 0.24);
}
