// SPDX-License-Identifier: Apache-2.0
// Cases of kind averagers: a sequence of weights, and what evaluation would read after the last of them.
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

/// Weights whose values step through the snapshots of a file, the first axis of each tensor.
struct Snapshots {
  explicit Snapshots(const SafetensorsFile& file) {
    for (const std::string& name : file.names()) {
      Tensor all = file.floats(name);
      WeightInfo info;
      info.name = name;
      for (int axis = 1; axis < all.shape().rank(); ++axis) info.shape.append(all.shape()[axis]);
      count = all.shape()[0];
      infos.push_back(info);
      tensors.push_back(all);
    }
  }
  std::vector<Weight> at(int64_t snapshot) const {
    std::vector<Weight> weights;
    for (size_t i = 0; i < infos.size(); ++i) {
      int64_t size = infos[i].shape.numel();
      weights.push_back(
          {&infos[i], Tensor(infos[i].shape, tensors[i].data() + snapshot * size, Device::kCpu), {}});
    }
    return weights;
  }

  std::vector<WeightInfo> infos;
  std::vector<Tensor> tensors;
  int64_t count = 0;
};

}  // namespace

void check_averagers(const Case& c, Bench& bench, Verdict& verdict) {
  Facts facts = {{"averager", c.at("averager")}};
  add(facts, c.config());
  Tree tree = bench.experiment(c, facts);
  auto averager = bench.make<Averager>(tree, "train.averager");

  Snapshots snapshots(c.tensors("weights.safetensors"));
  for (int64_t step = 0; step < snapshots.count; ++step) {
    Progress progress;
    progress.step = step;
    progress.steps = snapshots.count - 1;
    if (step > 0 && c.json.contains("lr_scale_per_step"))
      progress.lr_scale = c.at("lr_scale_per_step").at(size_t(step - 1));
    averager->update(snapshots.at(step), progress);
  }

  std::span<const Tensor> average = averager->average();
  bool applied = c.expected().value("applied", true);
  verdict.equal("is the average applied", applied == average.empty());
  if (!applied || average.empty()) return;
  SafetensorsFile expected = c.tensors("expected.safetensors");
  std::string prefix = c.at("averager").get<std::string>() + ".";
  for (size_t i = 0; i < snapshots.infos.size(); ++i)
    verdict.within(
        snapshots.infos[i].name,
        largest_difference(numbers(average[i]), expected.doubles(prefix + snapshots.infos[i].name)),
        c.tolerance("abs"));
}

}  // namespace caddie::parity
