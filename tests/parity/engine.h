// SPDX-License-Identifier: Apache-2.0
// What the kinds with a model in them share: the facts of a model, its assembly, its weights.
#pragma once

#include "experiment/experiment.h"
#include "parity/bench.h"

namespace caddie::parity {

/// The configuration of the case, the numbers among its numerics ("rms_norm_eps"), and "seq_len".
Facts model_facts(const Case& c, int64_t sequence_length);

/// The experiment of the tree, on the CPU, on the path that `caddie run` takes.
Experiment assemble(Tree& tree, Bench& bench);

/// Returns a weight of the model, or its gradient, as a file of upstream's weights holds it. Where that keeps
/// queries, keys and values in one matrix, "attn.c_qkv", each is a stretch of its rows, in this order.
Tensor floats_of(const SafetensorsFile& file, const WeightInfo& weight);
std::vector<double> doubles_of(const SafetensorsFile& file, const WeightInfo& weight);

/// Gives every weight its value from the file. Throws Error naming a weight that the file lacks, one that the
/// model lacks, or one of another shape. The model may lack those of `unread`, which upstream's code has and
/// does not read.
void set_weights(Model& model, const SafetensorsFile& file, const std::vector<std::string>& unread = {});

/// Compares the weights with the tensors of the file, of which each weight must have one.
void compare_weights(const Model& model, std::span<const Tensor> values, const SafetensorsFile& file,
                     const std::string& what, double tolerance, Verdict& verdict);

/// Inputs and targets [rows, T] of a case, and where the documents in its rows begin, if it says that.
class CaseBatches {
 public:
  /// Throws Skip naming a tensor of the inputs that is not known.
  explicit CaseBatches(const Case& c);
  /// Whether the case has cuts between documents; then each row of it is a batch of its own.
  bool has_cuts() const { return !cuts_.empty(); }
  /// Rows [begin, begin + count), of `length` tokens each.
  Batch rows(int64_t begin, int64_t count, int64_t length) const;

 private:
  std::vector<int64_t> inputs_, targets_;
  std::vector<int64_t> cuts_;  // [batches, n]: starts of documents, rising, filled up with the row's length
  int64_t batches_ = 1;        // in how many batches the case has its rows
};

}  // namespace caddie::parity
