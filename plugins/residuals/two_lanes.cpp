// SPDX-License-Identifier: Apache-2.0
// Parts the residual stream in two from a layer on, one that attention reads and one that the MLP reads. Both
// sublayers write to both: lane k becomes r lane_k + p[attention][k] a + p[mlp][k] m, with learned numbers r
// and p for each layer. With `sequential`, attention writes first, and the MLP reads what it wrote:
// lane_k = r[0] lane_k + p[0][k] a, then lane_k = r[1] lane_k + p[1][k] m; else r is r[k].
// parallel_resid_lambdas, r: [L,2]. parallel_post_lambdas, p: [L,2,2].
// Source: openai/parameter-golf, pull requests 1204 (sequential), 1529 and 1855.
#include "first_layer.h"

using namespace caddie;

struct TwoLanes final : Residual {
  FirstLayer first;
  int begin = 0;  // what `first` comes to
  bool sequential = false;
  bool mlp_reads_mix = false;
  std::string skips = "first_lane", last = "mean";
  double keep_init = 1.1;
  Parameter keep, write;

  void settings(Settings& s) override {
    first.settings(s, "first layer with two lanes; -1 takes the second half");
    s("sequential", sequential, "whether the MLP reads what the attention of its layer wrote");
    s("mlp_reads_mix", mlp_reads_mix,
      "whether the MLP's lane is mixed as the attention's is before it is read");
    s("skips", skips, "where skip connections go: before_parting into the stream that the first layer parts",
      one_of("first_lane", "both_lanes", "before_parting"));
    s("last", last, "what the head reads", one_of("mean", "attention", "mlp"));
    s("keep_init", keep_init, "initial factor of the lanes themselves");
  }

  void validate(const Shapes& shapes) const override { first.check_in(shapes.model); }

  void weights(Weights& w) override {
    int layers = w.model().matrices;
    begin = first.of(w.model());
    keep = w.add("parallel_resid_lambdas", {layers, 2}, Role::kVector, Init::constant(keep_init));
    write = w.add("parallel_post_lambdas", {layers, 2, 2}, Role::kVector, Init::constant(1));
  }

  int lanes(int) const override { return 2; }

  std::vector<Var> layer(LayerPass& pass, std::vector<Var> streams) override {
    if (pass.execution.matrices < begin && streams.size() == 1) return plain(pass, streams[0]);
    bool parts = streams.size() == 1, before = parts && skips == "before_parting";
    if (before) streams[0] = pass.enter(streams[0], 0);
    if (parts) streams.push_back(streams[0]);
    if (!before) streams[0] = pass.enter(streams[0], 0);
    if (!before && skips == "both_lanes") streams[1] = pass.enter(streams[1], 1);
    streams = sequential ? one_by_one(pass, streams) : side_by_side(pass, streams);
    streams[0] = pass.leave(streams[0], 0);
    streams[1] = pass.leave(streams[1], 1);
    return streams;
  }

  static std::vector<Var> plain(LayerPass& pass, Var x) {
    x = pass.mix(pass.enter(x, 0));
    Var attended = pass.attention(x);
    x = pass.needed(x) + attended;
    x = x + pass.mlp(x);
    return {pass.leave(x, 0)};
  }

  std::vector<Var> side_by_side(LayerPass& pass, const std::vector<Var>& streams) {
    int64_t layer = pass.execution.matrices;
    Var for_mlp = mlp_reads_mix ? pass.mix(streams[1]) : streams[1];
    Var a = pass.attention(pass.mix(streams[0]));
    Var m = pass.mlp(pass.needed(for_mlp));
    std::vector<Var> lanes;
    for (int k = 0; k < 2; ++k)
      lanes.push_back(pass.needed(streams[size_t(k)]) * kept(layer, k) + a * written(layer, 0, k) +
                      m * written(layer, 1, k));
    return lanes;
  }

  std::vector<Var> one_by_one(LayerPass& pass, const std::vector<Var>& streams) {
    int64_t layer = pass.execution.matrices;
    Var a = pass.attention(pass.mix(streams[0]));
    std::vector<Var> lanes;
    for (int k = 0; k < 2; ++k)
      lanes.push_back(pass.needed(streams[size_t(k)]) * kept(layer, 0) + a * written(layer, 0, k));
    Var m = pass.mlp(pass.mix(lanes[1]));
    for (int k = 0; k < 2; ++k)
      lanes[size_t(k)] = lanes[size_t(k)] * kept(layer, 1) + m * written(layer, 1, k);
    return lanes;
  }

  Var join(std::vector<Var> streams) override {
    if (streams.size() == 1 || last == "attention") return streams[0];
    return last == "mlp" ? streams[1] : (streams[0] + streams[1]) * 0.5f;
  }

  // Returns the factor of a lane, [1].
  Var kept(int64_t layer, int k) const { return number(keep, 2 * layer + k); }
  // Returns the factor with which a sublayer writes to a lane, [1].
  Var written(int64_t layer, int sublayer, int k) const {
    return number(write, 4 * layer + 2 * sublayer + k);
  }
  static Var number(Var x, int64_t at) { return row(reshape(x, {x.value().numel(), 1}), at); }
};

CADDIE_PLUGIN(TwoLanes, .summary = "Parts the residual stream in one for attention and one for the MLP.",
              .source = "openai/parameter-golf, pull requests 1204, 1529 and 1855");
