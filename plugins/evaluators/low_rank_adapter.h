// SPDX-License-Identifier: Apache-2.0
// Adapters of low rank beside the products of a model: D(z) = scale (z A^T) B^T with A [rank, in] drawn
// evenly from +-1 / sqrt(in) and B [out, rank] zero, so that at first they add nothing. Each execution of a
// layer has its own. Queries, keys, values and the output of attention read the attention's input, the MLP's
// adapter the input of the MLP, and the head's the input of the head. Source: arXiv:2106.09685;
// github.com/openai/parameter-golf, pull requests 77 and 1530.
#pragma once

#include <caddie/plugin.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

struct LowRankAdapter final : caddie::Adapter {
  enum Place { kQuery, kKey, kValue, kAttention, kMlp, kHead, kPlaces };
  static constexpr const char* kNames[kPlaces] = {"query", "key", "value", "attention", "mlp", "head"};

  std::array<bool, kPlaces> adapts = {true, false, true, false, false, true};
  int64_t rank = 8;
  float scale = 1;

  void weights(caddie::Weights& w) override {
    const caddie::ModelShape& m = w.model();
    int64_t keys = int64_t(m.kv_heads) * m.head_size;
    const int64_t outs[kPlaces] = {m.width, keys, keys, m.width, m.width, m.vocabulary};
    for (int place = 0; place < kPlaces; ++place) {
      pairs_[place].clear();
      if (!adapts[size_t(place)]) continue;
      for (int execution = 0; execution < (place == kHead ? 1 : m.executions); ++execution) {
        std::string name = caddie::message("{}.{}.", {kNames[place], execution});
        pairs_[place].push_back({add(w, name + "A", {rank, m.width}, bound_of(m.width)),
                                 add(w, name + "B", {outs[place], rank}, caddie::Init::constant(0))});
      }
    }
  }
  caddie::Var query(caddie::Block& b) override { return heads(kQuery, b); }
  caddie::Var key(caddie::Block& b) override { return heads(kKey, b); }
  caddie::Var value(caddie::Block& b) override { return heads(kValue, b); }
  caddie::Var attention(caddie::Block& b) override { return product(kAttention, b.execution, b.h); }
  caddie::Var mlp(caddie::Block& b) override { return product(kMlp, b.execution, b.h); }
  caddie::Var logits(caddie::Forward&, caddie::Var x) override { return product(kHead, 0, x); }

  // Tells whether a weight is the B of a pair; they alternate.
  static bool is_b(size_t index) { return index % 2 == 1; }

 private:
  struct Pair {
    caddie::Parameter a, b;
  };
  static caddie::Init bound_of(int64_t inputs) {
    return caddie::Init::uniform(1 / std::sqrt(double(inputs)));
  }
  static caddie::Parameter add(caddie::Weights& w, const std::string& name, const caddie::Shape& shape,
                               const caddie::Init& init) {
    return w.add(name, shape, caddie::Role::kMatrix, init);
  }
  caddie::Var product(Place place, int execution, caddie::Var z) const {
    if (pairs_[place].empty()) return {};
    const Pair& pair = pairs_[place][size_t(execution)];
    return caddie::linear(caddie::linear(z, pair.a), pair.b) * scale;
  }
  caddie::Var heads(Place place, caddie::Block& block) const {
    caddie::Var y = product(place, block.execution, block.h);
    if (!y.defined()) return y;
    int64_t size = block.forward.shape->head_size;
    return caddie::reshape(y, {y.shape()[0], y.shape()[1], y.shape()[2] / size, size});
  }

  std::vector<Pair> pairs_[kPlaces];  // indexed by execution
};
