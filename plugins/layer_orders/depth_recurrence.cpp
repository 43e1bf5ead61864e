// SPDX-License-Identifier: Apache-2.0
// Runs layers first .. last several times, as if the model were deeper, from a share of the training on:
// 0 .. first - 1, then loops + 1 times first .. last, then the rest. The repeats share all that the layers
// have; with own_vectors only their matrices: then the layers first .. last run once more behind themselves,
// and each turn has the vectors of its place in the order. With untie_mlps the matrices of the MLP are each
// repeat's own too, so that it shares attention alone: override_mlps.<layer>_p<repeat>, or with own_vectors
// repeat_mlp.<number of the repeated turn>. What an MLP plugin adds to a layer is shared all the same.
// Source: arXiv:1807.03819; openai/parameter-golf, pull requests 1394 and 1412 (shared, and untied MLPs),
// 1204 (own vectors, and untied MLPs). Differs: untied MLPs begin at their initial values, where 1204 copies
// those of their layers as repeats begin.
#include <caddie/plugin.h>

#include <algorithm>

using namespace caddie;

struct DepthRecurrence final : LayerOrder {
  int first = 1, last = 2;
  std::vector<double> start = {0.35};
  int loops = 1;
  bool own_vectors = false, untie_mlps = false;
  struct MlpMatrices {
    Parameter in, out;
  };
  std::vector<MlpMatrices> mlps;  // of the repeated turns, in their order; empty when these are tied

  void settings(Settings& s) override {
    s("first", first, "first layer that is repeated", at_least(0));
    s("last", last, "last layer that is repeated", at_least(0));
    s("loops", loops, "how often it is repeated after its first turn", between(1, 16));
    s("start", start,
      "share of the training at which repeats begin: one number, or one for each of the repeats, rising",
      between(0, 1));
    s("own_vectors", own_vectors, "whether a repeat shares no more than the matrices of attention and MLP");
    s("untie_mlps", untie_mlps, "whether each repeat has matrices of the MLP of its own");
  }

  void validate(const Shapes& shapes) const override {
    int layers = shapes.model.matrices;
    check(first <= last, "first = {} comes after last = {}", first, last);
    check(last < layers, "last = {} is no layer of the model, whose layers are 0 to {}", last, layers - 1);
    check(start.size() == 1 || start.size() == size_t(loops),
          "start has {} numbers; wanted one, or one for each of the {} loops", start.size(), loops);
    check(std::ranges::is_sorted(start), "start must rise, as later repeats begin after earlier ones");
  }

  void weights(Weights& w) override {
    for (int repeat = 1; untie_mlps && repeat <= loops; ++repeat)
      for (int layer = first; layer <= last; ++layer) {
        const ModelShape& m = w.model();
        std::string name = own_vectors ? "repeat_mlp." + std::to_string(mlps.size())
                                       : message("override_mlps.{}_p{}", {layer, repeat});
        auto matrix = [&](const char* which, int out, int in, Place place) {
          return w.add(name + which, {out, in}, Role::kMatrix, Init::by_initializer(), place, layer);
        };
        mlps.push_back({matrix(".fc.weight", m.hidden, m.width, Place::kMlpIn),
                        matrix(".proj.weight", m.width, m.hidden, Place::kMlpOut)});
      }
  }

  bool acts(const Progress& progress) const override { return progress.fraction() >= start[0]; }

  std::vector<Execution> longest(int layers) const override { return repeated(layers, loops); }

  std::vector<Execution> order(int layers, const Progress& progress) const override {
    if (start.size() == 1) return repeated(layers, loops);
    auto begun = std::ranges::count_if(start, [&](double share) { return progress.fraction() >= share; });
    return repeated(layers, int(begun));
  }

  std::vector<Execution> repeated(int layers, int times) const {
    std::vector<Execution> order;
    for (int layer = 0; layer < layers; ++layer) {
      order.push_back({layer, layer});
      for (int repeat = 0; layer == last && repeat < times; ++repeat)
        for (int again = first; again <= last; ++again) order.push_back(turn(again, repeat));
    }
    if (own_vectors)
      for (size_t place = 0; place < order.size(); ++place) order[place].layer = int(place);
    return order;
  }

  // Returns a repeated turn of a layer, with an MLP of its own once there are such weights.
  Execution turn(int layer, int repeat) const {
    if (mlps.empty()) return {layer, layer};
    const MlpMatrices& mlp = mlps[size_t(repeat * (last - first + 1) + layer - first)];
    return {layer, layer, mlp.in, mlp.out};
  }
};

CADDIE_PLUGIN(DepthRecurrence, .summary = "Runs some layers more than once.",
              .source = "arXiv:1807.03819; openai/parameter-golf, pull requests 1204, 1394 and 1412");
