// SPDX-License-Identifier: Apache-2.0
// Cases of kind quantizers: tensors on their way into an artifact and back, compared to the bit; what
// calibration and pruning make of weights is in calibration.cpp.
#include "export/quantize.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/weights.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// Sums over a tensor's entries in another order than upstream's, relative to the sum of magnitudes.
constexpr double kSumTolerance = 1e-12;

/// Upstream's own measure where its integers depend on the precision of its sums.
constexpr double kTraceTolerance = 0.02;
constexpr std::string_view kHessian = ".hessian";
constexpr int kDefaultClipRange = 31, kDefaultBlockSize = 128;  // of upstream's function

struct State {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values, hessians;  // undefined where there is none
};

bool is_float(const StoredTensor& stored) { return stored.dtype[0] == 'F' || stored.dtype == "BF16"; }

State read_state(const SafetensorsFile& inputs, Verdict& verdict) {
  State state;
  for (const StoredTensor& stored : inputs.tensors()) {
    if (!is_float(stored)) {
      verdict.note("left out: " + stored.name + " of " + stored.dtype + ", weights are floating-point");
      continue;
    }
    if (stored.name.ends_with(kHessian)) continue;
    WeightInfo info;
    info.name = stored.name;
    info.shape = stored.shape;
    state.infos.push_back(info);
    state.values.push_back(inputs.floats(stored.name));
    std::string hessian = stored.name + std::string(kHessian);
    state.hessians.push_back(inputs.has(hessian) ? inputs.floats(hessian) : Tensor());
  }
  return state;
}

std::vector<Routed> read_quantizers(Tree& tree, std::span<const WeightInfo> infos, Bench& bench) {
  std::vector<Routed> quantizers;
  for (const std::string& label : tree.children("export.quantizers")) {
    std::string path = join_path("export.quantizers", label);
    Technique technique = bench.make(tree, path, Kind::kQuantizer);
    std::vector<int> weights = select_weights(infos, technique.weights, path);
    quantizers.push_back({std::move(technique), std::move(weights)});
  }
  return quantizers;
}

std::string dtype_of(Type type) {
  return type == Type::kFloat32 ? "F32" : type == Type::kFloat16 ? "F16" : "I8";
}

/// Entries whose bits differ; all of them when type or shape do.
size_t differing(const Array& got, const StoredTensor& wanted) {
  auto count = size_t(std::max<int64_t>(1, wanted.shape.numel()));
  bool bytes =
      wanted.dtype == "U8" && got.type == Type::kInt8;  // of numbers packed closer than one to a byte
  if ((dtype_of(got.type) != wanted.dtype && !bytes) || !(got.shape == wanted.shape) ||
      got.bytes.size() != wanted.bytes.size())
    return count;
  size_t size = wanted.bytes.size() / count, different = 0;
  for (size_t i = 0; i < wanted.bytes.size(); i += size)
    different += std::memcmp(got.bytes.data() + i, wanted.bytes.data() + i, size) != 0;
  return different;
}

/// Upstream stores what it quantizes as <name>.q and <name>.scale, and what it keeps as <name> or as
/// <name>.stored. Integers that share bytes are <packing>.<name>.packed, and we store their layout besides.
void check_arrays(const ArtifactTensor& tensor, const SafetensorsFile& expected, const std::string& packing,
                  Verdict& verdict) {
  for (const std::string& kept : {tensor.name, tensor.name + ".stored"})
    if (expected.has(kept)) {
      verdict.equal(kept + ", number of arrays", tensor.packed.size() != 1);
      verdict.equal(kept, differing(tensor.packed.at(0), expected.tensor(kept)));
      return;
    }
  std::string shared = packing + "." + tensor.name + ".packed";
  bool share = expected.has(shared);
  verdict.equal(tensor.name + ", number of arrays", tensor.packed.size() != (share ? 3 : 2));
  for (const Array& array : tensor.packed) {
    if (share && array.name == "layout") continue;
    std::string name = share && array.type == Type::kInt8 ? shared : tensor.name + "." + array.name;
    verdict.equal(name, expected.has(name) ? differing(array, expected.tensor(name)) : 1);
  }
}

void check_sums(const std::string& name, const Tensor& got, const Json& wanted, Verdict& verdict) {
  double sum = 0, sum_of_squares = 0, magnitudes = 0;
  for (double x : numbers(got)) {
    sum += x;
    sum_of_squares += x * x;
    magnitudes += std::abs(x);
  }
  verdict.within(name + ", sum", std::abs(sum - wanted.at("sum").get<double>()), kSumTolerance * magnitudes);
  verdict.within(name + ", sum of squares", std::abs(sum_of_squares - wanted.at("sum_sq").get<double>()),
                 kSumTolerance * sum_of_squares);
}

/// What the model gets back is in the file as <name>.dequant or dequant.<name>, or as sums in the case.
void check_unpacked(const Case& c, const std::string& name, const Tensor& got,
                    const SafetensorsFile& expected, Verdict& verdict) {
  for (const std::string& stored : {name + ".dequant", "dequant." + name})
    if (expected.has(stored)) {
      Tensor wanted = expected.floats(stored);
      std::span<const float> values = numbers(got), wanted_values = numbers(wanted);
      verdict.equal(stored, std::vector<float>(values.begin(), values.end()),
                    std::vector<float>(wanted_values.begin(), wanted_values.end()));
      return;
    }
  check(c.expected().contains("dequant_sums_of_tensors_not_stored"), "{}: no result to compare with", name);
  check_sums(name, got, c.expected()["dequant_sums_of_tensors_not_stored"].at(name), verdict);
}

/// Whether an entry of "per_tensor" is no setting of the tensor.
bool is_result(const std::string& key) {
  return key.starts_with("trace_") || key == "shape" || key == "dead_columns" || key == "clipped_fraction";
}

int64_t ints_differing_in_float64(const Case& c, const std::string& name) {
  const Json noise = c.json.value("fp32_noise", Json::object());
  return noise.contains(name) ? noise[name].value("ints_differing_when_run_in_float64", int64_t(0)) : 0;
}

/// tr(E H E^T) for what was lost on the way, E.
double trace_of_error(const Tensor& before, const Tensor& after, const Tensor& hessian) {
  int64_t rows = before.shape()[0], in = before.shape()[1];
  double trace = 0;
  std::vector<double> e(static_cast<size_t>(in));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t j = 0; j < in; ++j)
      e[size_t(j)] = double(before.data()[r * in + j]) - double(after.data()[r * in + j]);
    for (int64_t i = 0; i < in; ++i)
      for (int64_t j = 0; j < in; ++j)
        trace += e[size_t(i)] * double(hessian.data()[i * in + j]) * e[size_t(j)];
  }
  return trace;
}

/// Packs and unpacks all weights of the state as the facts say.
void check_state(const Case& c, const Facts& facts, const State& state, Bench& bench, Verdict& verdict) {
  Tree tree = bench.experiment(c, facts);
  std::vector<Routed> quantizers = read_quantizers(tree, state.infos, bench);
  Artifact artifact = quantize(state.infos, state.values, quantizers, {}, state.hessians);
  std::vector<Tensor> unpacked = dequantize(artifact, state.infos, quantizers);

  SafetensorsFile expected = c.tensors("expected.safetensors");
  std::string packing = facts.contains("packing") ? facts.at("packing").get<std::string>() : "";
  for (size_t i = 0; i < state.infos.size(); ++i) {
    const std::string& name = state.infos[i].name;
    if (state.hessians[i].defined() && ints_differing_in_float64(c, name) > 0) {
      double wanted = c.expected().at("per_tensor").at(name).at("trace_E_H_Et");
      double got = trace_of_error(state.values[i], unpacked[i], state.hessians[i]);
      verdict.within("tr(E H E^T) of " + name, std::abs(got - wanted), kTraceTolerance * wanted);
      continue;
    }
    check_arrays(artifact.tensors[i], expected, packing, verdict);
    check_unpacked(c, name, unpacked[i], expected, verdict);
  }
}

}  // namespace

void check_quantizers(const Case& c, Bench& bench, Verdict& verdict) {
  if (c.has("hessians.safetensors")) return check_calibration(c, bench, verdict);
  if (c.config().contains("fraction")) return check_pruning(c, bench, verdict);
  Facts facts = {{"quantizer", c.at("quantizer")}};
  add(facts, c.config());
  State state = read_state(c.tensors("inputs.safetensors"), verdict);
  bool with_hessians = std::any_of(state.hessians.begin(), state.hessians.end(),
                                   [](const Tensor& hessian) { return hessian.defined(); });
  if (c.at("quantizer") == "q_sd (ternary)") {  // both of its packings
    for (const char* packing : {"standard", "bitmask"}) {
      facts["packing"] = packing;
      check_state(c, facts, state, bench, verdict);
    }
    return;
  }
  if (!with_hessians || !c.expected().contains("per_tensor"))
    return check_state(c, facts, state, bench, verdict);

  // Tensors whose settings are their own.
  facts["clip_range"] = kDefaultClipRange;
  facts["block_size"] = kDefaultBlockSize;
  for (size_t i = 0; i < state.infos.size(); ++i) {
    Facts own = facts;
    const Json& tensors = c.expected().at("per_tensor");
    if (tensors.contains(state.infos[i].name))
      for (const auto& [key, value] : tensors[state.infos[i].name].items())
        if (!is_result(key)) own[key] = value;
    check_state(c, own, {{state.infos[i]}, {state.values[i]}, {state.hessians[i]}}, bench, verdict);
  }
}

}  // namespace caddie::parity
