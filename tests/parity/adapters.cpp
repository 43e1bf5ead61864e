// SPDX-License-Identifier: Apache-2.0
// Each row of a batch runs by itself, with a set of weights of its own.
#include "parity/adapters.h"

#include <cmath>
#include <map>

#include "autograd/thread_tape.h"
#include "evaluate/adapter_sets.h"
#include "model/token_ids.h"
#include "parity/engine.h"

namespace caddie::parity {
namespace {

/// Returns upstream's name of an adapter's weight: "q_loras.2.A" of "query.2.A".
std::string upstream_name(const std::string& name) {
  const std::map<std::string, std::string> kPlaces = {{"query", "q_loras"},
                                                      {"key", "k_loras"},
                                                      {"value", "v_loras"},
                                                      {"attention", "o_loras"},
                                                      {"mlp", "mlp_loras"}};
  size_t dot = name.find('.');
  auto place = kPlaces.find(name.substr(0, dot));
  return place == kPlaces.end() ? "lm_head_lora" + name.substr(name.rfind('.'))
                                : place->second + name.substr(dot);
}

/// Asks a learner for its adapter, and for nothing else.
class AdapterFinder final : public LearningScorer {
 public:
  struct Found {
    Adapter* adapter;
  };
  explicit AdapterFinder(std::span<const int64_t> starts) : starts_(starts) {}
  int64_t positions() const override { return starts_.back() + 1; }
  int64_t sequence_length() const override { return positions(); }
  std::span<const int64_t> document_starts() const override { return starts_; }
  Score score(std::span<const Window>, double) override { return {}; }
  std::span<Weight> weights() override { return {}; }
  double gradient(std::span<const Passage>) override { return 0; }
  int64_t add_sets(Adapter& adapter, int64_t) override { throw Found{&adapter}; }
  void drop_sets(int64_t, int64_t) override {}
  std::span<Weight> set(int64_t) override { return {}; }
  std::vector<Score> score_adapted(std::span<const AdaptedWindow>) override { return {}; }

 private:
  std::span<const int64_t> starts_;
};

Adapter& adapter_of(Evaluator& evaluator) {
  const int64_t start = 0;
  AdapterFinder finder({&start, 1});
  try {
    evaluator.evaluate(finder);
  } catch (const AdapterFinder::Found& found) {
    return *found.adapter;
  }
  fail("the evaluator has no adapter");
}

/// One row of a batch with its adapters, run forward and backward.
struct AdaptedRow {
  AdapterSets sets;
  std::vector<float> nats;

  AdaptedRow(Model& model, Adapter& adapter, const SafetensorsFile& values, int64_t row,
             std::span<const int32_t> inputs, std::span<const int32_t> targets, float seed)
      : sets(model), nats(inputs.size()) {
    take_row(sets.weights(sets.add(adapter, 1)), values, "", row);
    std::vector<Leaf> leaves = leaves_of(model.weights().values());
    sets.append(0, true, leaves);
    Tape& tape = thread_tape(Device::kCpu);
    Tape::Scope scope(tape);
    tape.start(leaves, true);
    auto length = int64_t(inputs.size());
    model.score_adapted(place_ids(model, tape, inputs.data(), 1, length),
                        place_ids(model, tape, targets.data(), 1, length), adapter, 0, seed, nats.data());
    sets.take_gradients(0, leaves);
  }
};

/// Compares the gradients of a row with their part of the case's tensors.
void compare_gradients(std::span<const Weight> weights, const SafetensorsFile& expected, int64_t row,
                       const Case& c, Verdict& verdict) {
  constexpr double kShareOfLargest = 1e-3;
  double largest = 0;
  for (const std::string& name : expected.names())
    largest = std::max(largest, largest_magnitude(expected.doubles(name)));
  for (const Weight& weight : weights) {
    std::string name = upstream_name(weight.info->name);
    std::vector<double> all = expected.doubles(name);
    double scale = largest_magnitude(all) + kShareOfLargest * largest;
    auto own = std::span(all).subspan(size_t(row * weight.value.numel()), size_t(weight.value.numel()));
    double difference =
        weight.gradient.defined() ? largest_difference(numbers(weight.gradient), own) : INFINITY;
    verdict.within("gradient of " + name, difference / scale, c.tolerance("grad_rel"));
  }
}

}  // namespace

void take_row(std::span<Weight> weights, const SafetensorsFile& file, const std::string& prefix,
              int64_t row) {
  for (Weight& weight : weights) {
    std::string name = prefix + upstream_name(weight.info->name);
    if (!file.has(name)) continue;
    Tensor all = file.floats(name);
    int64_t each = weight.value.numel();
    copy(Tensor(weight.value.shape(), all.data() + row * each, Device::kCpu), weight.value);
  }
}

void check_adapters(const Case& c, Experiment& experiment, Verdict& verdict) {
  Model& model = *experiment.model;
  set_weights(model, c.tensors("params.safetensors"));
  int64_t rows = c.at("shapes").at("batch"), length = c.at("shapes").at("seq_len");
  Batch batch = CaseBatches(c).rows(0, rows, length);
  std::vector<double> losses = c.tensors("expected.safetensors").doubles("per_token_loss");
  Adapter& adapter = adapter_of(*experiment.headline().technique.as<Evaluator>());
  double sum = 0;
  for (int64_t row = 0; row < rows; ++row) {
    auto part = [&](auto& all) { return std::span(all).subspan(size_t(row * length), size_t(length)); };
    AdaptedRow run(model, adapter, c.tensors("lora.safetensors"), row, part(batch.inputs),
                   part(batch.targets), 1.0f / float(rows * length));
    verdict.within("per-token losses", largest_difference(run.nats, part(losses)),
                   c.tolerance("per_token_loss_abs"));
    compare_gradients(run.sets.weights(0), c.tensors("grads.safetensors"), row, c, verdict);
    for (float nats : run.nats) sum += nats;
  }
  verdict.within("loss", std::abs(sum / double(rows * length) - c.expected().at("loss").get<double>()),
                 c.tolerance("loss_abs"));
}

}  // namespace caddie::parity
