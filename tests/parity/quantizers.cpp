// SPDX-License-Identifier: Apache-2.0
// Cases of kind quantizers: tensors on their way into an artifact and back, compared to the bit; what
// calibration and pruning make of weights is in calibration.cpp.
#include "export/quantize.h"

#include <caddie/quantize.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "export/across.h"
#include "model/weights.h"
#include "parity/corrections.h"

namespace caddie::parity {
namespace {

/// Sums over a tensor's entries in another order than upstream's, relative to the sum of magnitudes.
constexpr double kSumTolerance = 1e-12;

/// Upstream's own measure where its integers depend on the precision of its sums.
constexpr double kTraceTolerance = 0.02;
constexpr std::string_view kHessian = ".hessian", kInputRms = ".act_rms";
constexpr int kDefaultClipRange = 31, kDefaultBlockSize = 128;  // of upstream's function

struct State {
  std::vector<WeightInfo> infos;
  std::vector<Tensor> values;
  Calibration calibration;  // undefined where there is none
};

bool is_float(const StoredTensor& stored) { return stored.dtype[0] == 'F' || stored.dtype == "BF16"; }

State read_state(const SafetensorsFile& inputs, Verdict& verdict) {
  State state;
  for (const StoredTensor& stored : inputs.tensors()) {
    if (!is_float(stored)) {
      verdict.note("left out: " + stored.name + " of " + stored.dtype + ", weights are floating-point");
      continue;
    }
    if (stored.name.ends_with(kHessian) || stored.name.ends_with(kInputRms)) continue;
    WeightInfo info;
    info.name = stored.name;
    info.shape = stored.shape;
    state.infos.push_back(info);
    state.values.push_back(inputs.floats(stored.name));
    auto known = [&](std::string_view what) {
      std::string name = stored.name + std::string(what);
      return inputs.has(name) ? inputs.floats(name) : Tensor();
    };
    state.calibration.hessians.push_back(known(kHessian));
    state.calibration.input_rms.push_back(known(kInputRms));
  }
  return state;
}

std::vector<Routed> read_routed(Tree& tree, const std::string& tables, Kind kind,
                                std::span<const WeightInfo> infos, Bench& bench) {
  std::vector<Routed> routed;
  for (const std::string& label : tree.children(tables)) {
    std::string path = join_path(tables, label);
    Technique technique = bench.make(tree, path, kind);
    std::vector<int> weights = select_weights(infos, technique.weights, path);
    routed.push_back({std::move(technique), std::move(weights)});
  }
  return routed;
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

/// The name under which upstream stores an array of a weight; "" when it stores none of these.
std::string stored_name(const SafetensorsFile& expected, const std::string& weight, const std::string& array,
                        const std::string& shared) {
  std::vector<std::string> names = {weight + "." + array};
  if (array == "q") names.push_back(weight + ".gq");
  if (array == "scale") names.push_back(weight + ".gs");
  if (array == "fine_scale") names = {weight + ".s_hi", weight + ".awqg_s_hi"};
  if (expected.has(shared)) names.push_back(shared);
  for (const std::string& name : names)
    if (expected.has(name)) return name;
  return "";
}

/// Columns with more bits are upstream's arguments, or stand beside the weight.
void check_fine_columns(const Array& columns, const std::string& weight, const SafetensorsFile& expected,
                        Verdict& verdict) {
  if (!expected.has(weight + ".awqg_start")) return;
  int64_t size = expected.integers(weight + ".awqg_size").at(0);
  std::vector<float> wanted;
  for (int64_t begin : expected.integers(weight + ".awqg_start"))
    wanted.insert(wanted.end(), {float(begin), float(begin + size)});
  verdict.equal(weight + ".awqg_start", floats_of(columns), wanted);
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
  bool fine = expected.has(tensor.name + ".s_hi") || expected.has(tensor.name + ".awqg_s_hi");
  verdict.equal(tensor.name + ", number of arrays", tensor.packed.size() != (fine                   ? 4
                                                                             : expected.has(shared) ? 3
                                                                                                    : 2));
  for (const Array& array : tensor.packed) {
    if (array.name == "layout" && expected.has(shared)) continue;
    if (array.name == "fine_columns") {
      check_fine_columns(array, tensor.name, expected, verdict);
      continue;
    }
    std::string name =
        stored_name(expected, tensor.name, array.name, array.type == Type::kInt8 ? shared : "");
    verdict.equal(tensor.name + ", array " + array.name,
                  name.empty() ? 1 : differing(array, expected.tensor(name)));
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

/// The bits of integers from -range to range.
int bits_of(int range) {
  int bits = 1;
  while (top_level(bits) < range) ++bits;
  return bits;
}

/// Adds the columns that upstream's function is told to give more bits.
void add_given_columns(const Facts& facts, const State& state, std::vector<FineColumns>& fine) {
  if (!facts.contains("protect_groups")) return;
  for (size_t i = 0; i < fine.size(); ++i) {
    fine[i].bits = bits_of(facts.at("protect_clip_range").get<int>());
    for (const Json& group : facts.at("protect_groups"))
      if (group.at(1).get<int64_t>() <= state.infos[i].shape[1])
        fine[i].columns.push_back({group.at(0).get<int64_t>(), group.at(1).get<int64_t>()});
  }
}

/// Packs and unpacks all weights of the state as the facts say.
void check_state(const Case& c, const Facts& facts, const State& state, Bench& bench, Verdict& verdict) {
  Tree tree = bench.experiment(c, facts);
  auto routed = [&](const char* tables, Kind kind) {
    return read_routed(tree, tables, kind, state.infos, bench);
  };
  std::vector<Routed> allocators = routed("export.allocators", Kind::kAllocator),
                      quantizers = routed("export.quantizers", Kind::kQuantizer),
                      correctors = routed("export.correctors", Kind::kCorrector);
  Packers packers = {allocators, quantizers, correctors};
  std::vector<NoEffect> idle;
  std::vector<FineColumns> fine = allocate(state.infos, state.values, packers, state.calibration, idle);
  add_given_columns(facts, state, fine);
  Artifact artifact = quantize(state.infos, state.values, quantizers, {}, state.calibration.hessians, fine);
  std::vector<Tensor> uncorrected = dequantize(artifact, state.infos, quantizers);
  correct(artifact, state.infos, state.values, packers, idle);
  std::vector<Tensor> unpacked = dequantize(artifact, state.infos, quantizers, correctors);
  verdict.equal("techniques without effect", idle.size());

  SafetensorsFile expected = c.tensors("expected.safetensors");
  std::string packing = facts.contains("packing") ? facts.at("packing").get<std::string>() : "";
  for (size_t i = 0; i < state.infos.size(); ++i) {
    const std::string& name = state.infos[i].name;
    const Tensor& hessian = state.calibration.hessians[i];
    if (hessian.defined() && ints_differing_in_float64(c, name) > 0) {
      double wanted = c.expected().at("per_tensor").at(name).at("trace_E_H_Et");
      double got = trace_of_error(state.values[i], unpacked[i], hessian);
      verdict.within("tr(E H E^T) of " + name, std::abs(got - wanted), kTraceTolerance * wanted);
      continue;
    }
    check_arrays(artifact.tensors[i], expected, packing, verdict);
    if (is_corrected(expected, name)) {
      check_correction(c, artifact.tensors[i], state.values[i], uncorrected[i], unpacked[i], verdict);
      continue;
    }
    verdict.equal(name + ", number of corrections", artifact.tensors[i].corrections.size());
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
  const std::vector<Tensor>& hessians = state.calibration.hessians;
  bool with_hessians =
      std::any_of(hessians.begin(), hessians.end(), [](const Tensor& hessian) { return hessian.defined(); });
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
    State alone = {{state.infos[i]}, {state.values[i]}, {{hessians[i]}, {Tensor()}}};
    check_state(c, own, alone, bench, verdict);
  }
}

}  // namespace caddie::parity
