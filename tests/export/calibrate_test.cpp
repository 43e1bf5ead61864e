// SPDX-License-Identifier: Apache-2.0
// Calibration: its texts, and the second moments that it collects; and the way from weights to the file.
#include "export/calibrate.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "experiment/experiment.h"
#include "support/data_support.h"
#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;
using Catch::Contains;

namespace {

constexpr int64_t kWidth = 24;

Experiment make(const std::vector<std::string>& changes = {}) {
  std::vector<std::string> all = {
      "model.layers = 2",
      "model.dim = 24",
      "model.heads = 2",
      "model.kv_heads = 1",
      "~export.quantizers",
      "export.quantizers = { gptq.weights = ['role:matrix'], fp16.weights = ['!role:matrix'] }",
      "export.calibration = { sequences = 5, accumulators = 2 }"};
  all.insert(all.end(), changes.begin(), changes.end());
  Experiment experiment = small_experiment(all);
  fill_by_name(*experiment.model);
  return experiment;
}

CalibrationText sample(Experiment& e, uint64_t seed = 1) {
  return sample_text(*e.model, e.model->weights().values(), e.export_parts.calibration, seed);
}

std::map<std::string, Tensor> hessians(Experiment& e, const CalibrationText& text) {
  std::vector<int> all;
  const WeightTable& weights = e.model->weights();
  for (int i = 0; i < weights.size(); ++i) all.push_back(i);
  std::vector<Tensor> collected =
      collect_hessians(*e.model, weights.values(), text, all, e.export_parts.calibration).hessians;
  std::map<std::string, Tensor> named;
  for (int i = 0; i < weights.size(); ++i) named[weights.info(i).name] = collected[size_t(i)];
  return named;
}

double trace(const Tensor& h) {
  double sum = 0;
  for (int64_t i = 0; i < h.shape()[0]; ++i) sum += double(h.data()[i * (h.shape()[0] + 1)]);
  return sum;
}

/// Asks for a calibration, and for more memory than there is when the calibration begins.
struct Hungry final : Quantizer {
  mutable int asked = 0;
  bool wants_hessian() const override {
    if (asked++ > 0) throw std::bad_alloc();
    return true;
  }
  Packed pack(const Tensor&, const WeightInfo&, const Tensor*) override { return {}; }
  void unpack(const Packed&, Tensor&) const override {}
};

/// The token that the model finds most probable after these.
int32_t likeliest(Model& model, const std::vector<int32_t>& tokens) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Ids ids = place_ids(tape, tokens.data(), 1, int64_t(tokens.size()));
  Var logits = model.logits(ids, Mode::kEvaluate, Progress());
  const float* last = logits.data() + (tokens.size() - 1) * 31;
  return int32_t(std::max_element(last, last + 31) - last);
}

QuantizedModel quantized(Experiment& e) {
  StatusLine status(true);
  return quantize_model(e.export_parts, *e.model, e.model->weights().values(), nullptr, 1, status);
}

WrittenArtifact written(Experiment& e, Artifact artifact, int64_t limit) {
  StatusLine status(true);
  return write_artifact(e.export_parts, e.model->weights().infos(), std::move(artifact), limit, 100, status);
}

}  // namespace

TEST_CASE("the model writes its own text, the same on any number of threads", "[calibrate]") {
  Experiment e = make({"export.calibration.sequences = 11", "export.calibration.length = 7"});
  CalibrationText text = sample(e);
  CHECK(text.length == 7);
  CHECK(text.sequences() == 11);
  for (int32_t token : text.tokens) CHECK((token >= 0 && token < 31));
  set_thread_count(3);
  CHECK(sample(e).tokens == text.tokens);
  set_thread_count(1);
  CHECK(sample(e, 2).tokens != text.tokens);

  Experiment few = make({"export.calibration.sequences = 3", "export.calibration.length = 7"});
  CHECK(std::vector(text.tokens.begin(), text.tokens.begin() + 21) == sample(few).tokens);
}

TEST_CASE("at a low temperature the likeliest token follows", "[calibrate]") {
  Experiment e = make({"export.calibration.temperature = 0.01"});
  CalibrationText text = sample(e);
  CHECK(text.length == 12);  // of training
  for (int64_t s = 0; s < text.sequences(); ++s)
    for (int64_t t = 1; t < text.length; ++t) {
      auto begin = text.tokens.begin() + s * text.length;
      CHECK(*(begin + t) == likeliest(*e.model, {begin, begin + t}));
    }
}

TEST_CASE("training text is taken from all over the stream", "[calibrate]") {
  TemporaryFolder folder;
  std::vector<uint16_t> tokens(1000);
  for (size_t i = 0; i < tokens.size(); ++i) tokens[i] = uint16_t(i);
  write_shard(folder.path() / "t_0.bin", tokens);
  TokenStream stream((folder.path() / "t_*.bin").string());
  CalibrationSettings settings;
  settings.sequences = 3;
  CalibrationText text = text_from(stream, settings, 100);
  CHECK(text.length == 100);
  for (int s : {0, 1, 2}) {
    CHECK(text.tokens[size_t(s) * 100] == 300 * s);
    CHECK(text.tokens[size_t(s) * 100 + 99] == 300 * s + 99);
  }
  settings.length = 1001;
  CHECK_THROWS_WITH(text_from(stream, settings, 100),
                    Contains("a sequence of 1001 tokens is longer than the training text"));
}

TEST_CASE("second moments are those of what linears read", "[calibrate]") {
  Experiment e = make({"export.calibration.damp = 0"});
  CalibrationText text = sample(e);
  auto h = hessians(e, text);
  // Inputs of unit mean square: each of the 11 tokens that are read adds the width to the trace.
  for (const char* name : {"blocks.0.attn.c_q.weight", "blocks.1.mlp.fc.weight", "tok_emb.weight"}) {
    INFO(name);
    REQUIRE(h[name].shape() == Shape{kWidth, kWidth});
    CHECK(trace(h[name]) == Approx(11 * kWidth).epsilon(1e-4));
    for (int64_t i = 0; i < kWidth; ++i)
      for (int64_t j = 0; j < kWidth; ++j)
        CHECK(h[name].data()[i * kWidth + j] == h[name].data()[j * kWidth + i]);
  }
  CHECK(h["blocks.0.attn.c_q.weight"].data() == h["blocks.0.attn.c_v.weight"].data());
  CHECK_FALSE(same_bits(h["blocks.0.attn.c_q.weight"], h["blocks.1.attn.c_q.weight"]));
  CHECK(h["blocks.0.mlp.proj.weight"].shape() == Shape{48, 48});
}

TEST_CASE("second moments do not depend on threads, and damping raises their diagonal", "[calibrate]") {
  Experiment e = make({"export.calibration.damp = 0"}), damped = make({"export.calibration.damp = 0.5"});
  CalibrationText text = sample(e);
  auto one = hessians(e, text), raised = hessians(damped, text);
  set_thread_count(3);
  auto three = hessians(e, text);
  set_thread_count(1);
  for (const auto& [name, h] : one) {
    INFO(name);
    if (!h.defined()) continue;
    CHECK(same_bits(h, three[name]));
    CHECK(trace(raised[name]) == Approx(1.5 * trace(h)).epsilon(1e-5));
    CHECK(raised[name].data()[1] == h.data()[1]);
  }
}

TEST_CASE("calibration runs when a quantizer wants it, and what lacks moments is told", "[calibrate]") {
  Experiment e = make();
  CHECK(e.export_parts.wants_calibration());
  CHECK(quantized(e).without_effect.empty());
  Experiment without = make({"export.quantizers.gptq.use = 'gptq_lite'"});
  CHECK_FALSE(without.export_parts.wants_calibration());
  CHECK(payload_of(quantized(without).artifact) != payload_of(quantized(e).artifact));

  Experiment vectors = make(
      {"export.quantizers = { gptq.weights = ['*'], fp16.weights = [] }", "techniques.layer_scale = {}"});
  std::vector<NoEffect> without_effect = quantized(vectors).without_effect;
  REQUIRE(without_effect.size() == 1);
  CHECK(without_effect[0].technique == "gptq");
  CHECK_FALSE(without_effect[0].entirely);
  CHECK_THAT(without_effect[0].reason, Contains("attn_scale"));

  Experiment text = make({"export.calibration.text = 'training'"});
  CHECK_THROWS_WITH(quantized(text), Contains("there is no training text"));
}

TEST_CASE("pruning, trimming and compressing give equal bytes on any number of threads", "[calibrate]") {
  std::vector<std::string> changes = {"export.pruners.magnitude = { weights = ['*'], min_numel = 100 }",
                                      "export.trimmers.selective_pruning.weights = ['role:matrix']"};
  Experiment e = make(changes);
  QuantizedModel one = quantized(e);
  set_thread_count(3);
  CHECK(payload_of(quantized(e).artifact) == payload_of(one.artifact));
  set_thread_count(1);
  CHECK(one.without_effect.empty());
  CHECK(artifact_of(payload_of(one.artifact)).tensors.size() == one.artifact.tensors.size());

  auto whole = int64_t(written(e, one.artifact, 1 << 20).bytes.size());
  WrittenArtifact fits = written(e, one.artifact, whole + 100);
  REQUIRE(fits.without_effect.size() == 1);
  CHECK_THAT(fits.without_effect[0].reason, Contains("nothing to trim"));
  WrittenArtifact trimmed = written(e, one.artifact, whole + 50);
  CHECK(trimmed.without_effect.empty());
  CHECK(int64_t(trimmed.bytes.size()) <= whole - 50);
  CHECK(trimmed.bytes == written(e, one.artifact, whole + 50).bytes);

  std::vector<Tensor> back = read_artifact(trimmed.bytes, e.export_parts, *e.model);
  CHECK(back.size() == size_t(e.model->weights().size()));
  Experiment other = make({"export.compressor.use = 'zstd'"});
  CHECK_THROWS_WITH(read_artifact(trimmed.bytes, other.export_parts, *other.model),
                    Contains("compressed with zlib") && Contains("zstd"));
}

TEST_CASE("a quantizer tells all that it turned into zeros, beside what else there is to tell",
          "[calibrate]") {
  Experiment e = make(
      {"export.quantizers = { gptq.weights = ['*'], fp16.weights = [] }", "techniques.layer_scale = {}"});
  std::vector<std::string> tiny;
  for (int i = 0; i < e.model->weights().size(); ++i) {
    if (e.model->weights().info(i).role != Role::kMatrix || tiny.size() == 3) continue;
    Tensor weight = e.model->weights().value(i);
    std::fill_n(weight.data(), weight.numel(), 1e-12f);
    tiny.push_back(e.model->weights().info(i).name);
  }
  std::vector<std::string> told;
  for (const NoEffect& found : quantized(e).without_effect)
    if (found.technique == "gptq") told.push_back(found.reason);
  REQUIRE(told.size() == 2);
  CHECK_THAT(told[0], Contains("no linear reads"));
  CHECK(told[1] == "it turned " + tiny[0] +
                       " and 2 more into zeros; give these weights finer steps or another quantizer");
}

TEST_CASE("a pruner that changes nothing is told, and averaged weights stay as they are", "[calibrate]") {
  Experiment e = make({"export.pruners.magnitude.weights = ['*']"});  // no matrix is large enough
  std::vector<NoEffect> without_effect = quantized(e).without_effect;
  REQUIRE(without_effect.size() == 1);
  CHECK(without_effect[0].entirely);
  Experiment pruning = make({"export.pruners.magnitude = { weights = ['*'], min_numel = 1 }"});
  Tensor before = clone(pruning.model->weights().value(0));
  quantized(pruning);
  CHECK(same_bits(pruning.model->weights().value(0), before));
}

TEST_CASE("a calibration that takes too much memory names what to lower", "[calibrate]") {
  Experiment e = make();
  e.export_parts.quantizers[0].technique.object = std::make_shared<Hungry>();
  StatusLine quiet(true);
  CHECK_THROWS_WITH(quantize_model(e.export_parts, *e.model, e.model->weights().values(), nullptr, 1, quiet),
                    "out of memory; a smaller export.calibration.length, fewer export.calibration.sequences "
                    "or fewer export.calibration.accumulators need less");
}
