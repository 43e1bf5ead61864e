// SPDX-License-Identifier: Apache-2.0
// The folder of a run whose training took no step, made without a process.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "data/shards.h"
#include "run/export.h"
#include "run/run.h"
#include "support/data_support.h"
#include "support/plugins.h"
#include "support/small_model.h"
#include "tensor/safetensors.h"

namespace caddie::testing {

/// A shard of `count` tokens that holds each id below `ids`, when it is long enough.
inline void write_ids(const std::filesystem::path& file, size_t count, int ids) {
  std::vector<uint16_t> tokens(count);
  for (size_t i = 0; i < count; ++i) tokens[i] = uint16_t(i * 11 % size_t(ids));
  write_shard(file, tokens);
}
/// Shards of the 400 pieces of identity_bpe.model, resolved.toml, weights and artifact. larger.bin holds ids
/// up to 419, as a tokenizer of 420 pieces makes them.
struct UntrainedRun {
  TemporaryFolder folder;
  std::filesystem::path run = folder.path() / "run";
  std::string own_bytes;  // of the artifact

  UntrainedRun() {
    write_ids(folder.path() / "train.bin", 200, 400);
    write_ids(folder.path() / "validation.bin", 1500, 400);
    write_ids(folder.path() / "larger.bin", 1500, 420);
    Tree settings = tree();
    Experiment e = assemble(settings, registry(), Device::kCpu);
    e.model->initialize(e.only<Initializer>(), 1);
    StatusLine status(true);
    std::span<const Tensor> values = e.model->weights().values();
    own_bytes = compress_weights(e, quantize_weights(e, values, nullptr, status).artifact, status).bytes;
    write_file(run / "resolved.toml", settings.resolved());
    write_file(run / "artifact.bin", own_bytes);
    std::vector<std::pair<std::string, Tensor>> named;
    for (int i = 0; i < e.model->weights().size(); ++i)
      named.emplace_back(e.model->weights().info(i).name, values[size_t(i)]);
    write_safetensors(run / "weights.safetensors", named);
  }

  /// The experiment of the run.
  Tree tree() const {
    return small_tree({"data.train = '" + (folder.path() / "train.bin").string() + "'",
                       "data.validation = '" + (folder.path() / "validation.bin").string() + "'",
                       "data.tokenizer = '" + data_file("identity_bpe.model").string() + "'",
                       "data.sequence_length = 16", "data.batch_tokens = 32", "model.vocabulary = 400",
                       "model.layers = 1", "model.dim = 16", "model.heads = 2", "model.kv_heads = 1",
                       "evaluators.standard.headline = true",
                       "evaluators.sliding = {use = 'sliding_window', stride = 8}"});
  }
  /// The same as text, with all defaults.
  std::string text() const { return read_file(run / "resolved.toml"); }
};

/// A run of no steps into a folder, in this process.
struct Runs {
  UntrainedRun data;
  std::filesystem::path folder = data.folder / "output";

  RunSummary go(bool fresh = false, const std::filesystem::path& store = {}) const {
    Tree tree = data.tree();
    tree.override_with("budget.steps=0");
    Experiment experiment = assemble(tree, registry(), Device::kCpu);
    RunOptions options;
    options.folder = folder;
    options.store = store;
    options.fresh = fresh;
    options.quiet = true;
    return run_experiment(tree, experiment, registry(), options);
  }
};

}  // namespace caddie::testing
