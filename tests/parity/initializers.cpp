// SPDX-License-Identifier: Apache-2.0
// Cases of kind initializers: what weights hold before the first step. Constants are compared to the bit, of
// random numbers the spread, and whether they make an orthogonal matrix.
#include <algorithm>
#include <cmath>
#include <map>

#include "parity/engine.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// The spread of fewer random numbers says little.
constexpr int64_t kFewest = 500;
constexpr double kSpreadTolerance = 0.15;
/// How far products of rows of an orthogonal matrix in float32 may be from 0 and 1.
constexpr double kOrthogonalTolerance = 1e-4;

/// Upstream's banks hold matrices of all layers, one after another; these are their names in a layer.
const std::map<std::string, std::vector<std::string>> kBanks = {
    {"qo_bank", {"attn.c_q.weight", "attn.proj.weight"}},
    {"kv_bank", {"attn.c_k.weight", "attn.c_v.weight"}},
    {"mlp_up_bank", {"mlp.fc.weight"}},
    {"mlp_down_bank", {"mlp.proj.weight"}}};

/// The names of the weights that a parameter of the case stands for, in their order.
std::vector<std::string> weights_of(const Json& parameter) {
  auto bank = kBanks.find(parameter.at("name").get<std::string>());
  if (bank == kBanks.end()) return {parameter["name"]};
  int64_t slices = parameter.at("shape").at(0), layers = slices / int64_t(bank->second.size());
  std::vector<std::string> names;
  for (const std::string& name : bank->second)
    for (int64_t layer = 0; layer < layers; ++layer)
      names.push_back("blocks." + std::to_string(layer) + "." + name);
  return names;
}

size_t differing(std::span<const float> values, float wanted) {
  return values.size() - size_t(std::count(values.begin(), values.end(), wanted));
}

bool is_orthogonal(const Tensor& w) {
  int64_t out = w.shape()[0], in = w.shape()[1], count = std::min(out, in), length = std::max(out, in);
  auto at = [&](int64_t v, int64_t i) { return double(w.data()[out <= in ? v * in + i : i * in + v]); };
  for (int64_t a = 0; a < count; ++a)
    for (int64_t b = 0; b <= a; ++b) {
      double product = a == b ? -1 : 0;
      for (int64_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
      if (std::abs(product) > kOrthogonalTolerance) return false;
    }
  return true;
}

void check_constants(const Json& parameter, const std::vector<Tensor>& values, Verdict& verdict) {
  std::string name = parameter.at("name");
  for (const Tensor& value : values) {
    if (parameter.contains("constant"))
      verdict.equal(name, differing(numbers(value), parameter["constant"].get<float>()));
    if (!parameter.contains("rows")) continue;
    size_t length = size_t(value.numel()) / parameter["rows"].size();
    for (size_t r = 0; r < parameter["rows"].size(); ++r)
      verdict.equal(name + ", row " + std::to_string(r),
                    differing(numbers(value).subspan(r * length, length), parameter["rows"][r].get<float>()));
  }
}

void check_random(const Json& parameter, const std::vector<Tensor>& values, Verdict& verdict) {
  std::string name = parameter.at("name");
  auto zero = parameter.value("zero_slices", std::vector<size_t>());
  double count = 0, sum = 0, squares = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    bool is_zero = std::find(zero.begin(), zero.end(), i) != zero.end();
    for (float value : numbers(values[i])) {
      ++count;
      sum += double(value);
      squares += double(value) * double(value);
    }
    if (is_zero)
      verdict.equal(name + ", slice " + std::to_string(i), differing(numbers(values[i]), 0));
    else if (parameter.contains("singular_values_all_one") && values[i].shape().rank() == 2)
      verdict.equal(name + ", whether it is orthogonal",
                    is_orthogonal(values[i]) != parameter["singular_values_all_one"].get<bool>());
  }
  if (count < double(kFewest)) return;
  double wanted = parameter.at("std");
  double spread = std::sqrt((squares - sum * sum / count) / (count - 1));
  verdict.within("spread of " + name, std::abs(spread / wanted - 1), kSpreadTolerance);
}

/// The weights of the parameter, after their shapes were checked.
std::vector<Tensor> values_of(const Json& parameter, const Model& model, Verdict& verdict) {
  std::vector<std::string> names = weights_of(parameter);
  std::vector<int64_t> wanted = parameter.at("shape");
  if (names.size() > 1 || kBanks.contains(parameter["name"])) wanted.erase(wanted.begin());
  std::vector<Tensor> values;
  for (const std::string& name : names) {
    int index = model.weights().find(name);
    check(index >= 0, "the model lacks the weight '{}' of the case", name);
    values.push_back(model.weights().value(index));
    const Shape& shape = values.back().shape();
    std::vector<int64_t> got;
    for (int axis = 0; axis < shape.rank(); ++axis) got.push_back(shape[axis]);
    verdict.equal("shape of " + name, got, wanted);
  }
  return values;
}

void check_model(const Case& c, const Json& json, Bench& bench, Verdict& verdict) {
  know_keys(json, "a model", {"source", "config", "parameters"});
  // Neither length nor epsilon has a part in initial values, and every experiment has both.
  Facts facts = {{"seq_len", 64}, {"rms_norm_eps", 1.1920928955078125e-07}};
  add(facts, json.at("config"));
  for (const Json& parameter : json.at("parameters"))
    if (kBanks.contains(parameter.at("name"))) facts["banks"] = true;
  Tree tree = bench.experiment(c, facts);
  Experiment experiment = assemble(tree, bench);
  Model& model = *experiment.model;
  model.initialize(experiment.only<Initializer>(), 1);
  size_t weights = 0;
  for (const Json& parameter : json["parameters"]) {
    know_keys(parameter, "a parameter",
              {"name", "shape", "constant", "rows", "std", "mean", "zero_slices", "singular_values_all_one"});
    std::vector<Tensor> values = values_of(parameter, model, verdict);
    weights += values.size();
    check_constants(parameter, values, verdict);
    if (parameter.contains("std")) check_random(parameter, values, verdict);
  }
  verdict.equal("weights that the case does not have", size_t(model.weights().size()) - weights);
}

}  // namespace

void check_initializers(const Case& c, Bench& bench, Verdict& verdict) {
  know_case(c, {});
  know_keys(c.config(), "config", {});
  know_keys(c.expected(), "expected", {"models", "note"});
  for (const Json& model : c.expected().at("models")) check_model(c, model, bench, verdict);
}

}  // namespace caddie::parity
