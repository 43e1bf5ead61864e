// SPDX-License-Identifier: Apache-2.0
// Cases of kind quantizers about what comes before quantizing: second moments of weights' inputs, and
// pruning.
#include "export/calibrate.h"

#include <algorithm>
#include <cmath>

#include "parity/engine.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// Where pruning set a zero; what was zero before is not among them.
std::vector<int64_t> zeroed(const Tensor& before, const Tensor& after) {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < after.numel(); ++i)
    if (after.data()[i] == 0 && before.data()[i] != 0) places.push_back(i);
  return places;
}

/// A text, and how many of its sequences upstream's second moments count as one.
struct CaseText {
  CalibrationText text;
  int64_t together = 1;
};

/// The text of a case. Batches, [batches, rows, length], go through upstream's model whole, and ours does not
/// read the last token of a sequence, so that each gets one more.
CaseText text_in(const SafetensorsFile& inputs) {
  std::vector<int64_t> tokens = inputs.integers("tokens");
  const Shape& shape = inputs.tensor("tokens").shape;
  CaseText read = {{{}, shape.last()}};
  bool batches = shape.rank() == 3;
  if (batches) {
    read.together = shape[1];
    ++read.text.length;
  }
  for (size_t i = 0; i < tokens.size(); ++i) {
    read.text.tokens.push_back(int32_t(tokens[i]));
    if (batches && (i + 1) % size_t(shape.last()) == 0) read.text.tokens.push_back(0);
  }
  return read;
}

}  // namespace

void check_calibration(const Case& c, Bench& bench, Verdict& verdict) {
  SafetensorsFile inputs = c.tensors("inputs.safetensors"), expected = c.tensors("hessians.safetensors");
  auto [text, together] = text_in(inputs);
  Facts facts = model_facts(c, text.length - 1);
  facts["quantizer"] = c.at("quantizer");
  Tree tree = bench.experiment(c, facts);
  Experiment experiment = assemble(tree, bench);
  Model& model = *experiment.model;
  set_weights(model, c.tensors("params.safetensors"));

  std::vector<int> wanted;
  for (const std::string& name : expected.names()) {
    wanted.push_back(model.weights().find(name));
    check(wanted.back() >= 0, "the model lacks the weight '{}' of the case", name);
  }
  std::vector<Tensor> hessians =
      collect_hessians(model, model.weights().values(), text, wanted, experiment.export_parts.calibration)
          .hessians;
  for (const std::string& name : expected.names()) {
    const Tensor& got = hessians[size_t(model.weights().find(name))];
    std::vector<double> want = expected.doubles(name);
    for (double& moment : want) moment /= double(together);
    verdict.within(
        name, (got.defined() ? largest_difference(numbers(got), want) : INFINITY) / largest_magnitude(want),
        c.tolerance("max_rel_to_largest_entry"));
  }
}

void check_pruning(const Case& c, Bench& bench, Verdict& verdict) {
  Facts facts = {{"quantizer", c.at("quantizer")}};
  add(facts, c.config());
  Tree tree = bench.experiment(c, facts);
  auto pruner = bench.make_only<Pruner>(tree, "export.pruners");
  SafetensorsFile inputs = c.tensors("inputs.safetensors"), expected = c.tensors("expected.safetensors");
  for (const std::string& name : inputs.names()) {
    Tensor before = inputs.floats(name), after = clone(before);
    WeightInfo info;
    info.name = name;
    info.shape = before.shape();
    pruner->prune(after, info);
    verdict.equal(name, zeroed(before, after), expected.integers(name + ".zeroed_flat_index"));
  }
}

}  // namespace caddie::parity
