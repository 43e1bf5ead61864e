// SPDX-License-Identifier: Apache-2.0
// An experiment that fills every slot, on the laboratory's text.
#pragma once

#include <string>
#include <vector>

#include "support/laboratory.h"
#include "support/small_model.h"

namespace caddie::testing {

/// Changes after which every slot of the small experiment is filled and every stage has something to do.
inline const std::vector<std::string> kEverySlot = {
    "techniques.factored_embedding={}",
    "techniques.bigram_hash={}",
    "techniques.value_residual={}",
    "techniques.local_attention={}",
    "techniques.document_mask={}",
    "techniques.glu={}",
    "techniques.depth_recurrence={}",
    "techniques.parallel_residuals={}",
    "techniques.dropout={}",
    "techniques.multi_token_prediction={}",
    "techniques.qat.weights=['role:matrix']",
    "train.rate_factors.layerwise_lr.weights=['role:matrix']",
    "data.sampler.use='shuffled_sequences'",
    "train.averager.use='ema'",
    "train.averagers.late.use='swa'",
    "export.pruners.magnitude.weights=['role:matrix']",
    "export.quantizers.gptq={weights=['role:matrix'],clip='deviation'}",
    "export.allocators.awq_lite={weights=['role:matrix'],group_size=16}",
    "export.correctors.lqer.weights=['role:matrix']",
    "export.layout.use='grouped_rows'",
    "export.quantizers.others.weights=['!role:matrix']",
    "export.trimmers.selective_pruning.weights=['role:matrix']",
    "evaluators.sliding={use='sliding_window',headline=true}",
    "blends.ngram_tilt.order=2",
};

/// A small experiment with changes, on the laboratory's text.
inline Tree tree_with(std::vector<std::string> changes) {
  std::string data = laboratory().data().string();
  changes.push_back("data.train='" + data + "/train_*.bin'");
  changes.push_back("data.validation='" + data + "/val_*.bin'");
  changes.insert(changes.begin(), "data.sequence_length=96");  // room for each evaluator's default windows
  changes.push_back("data.tokenizer='" + data + "/tokenizer.model'");
  return small_tree(changes);
}

}  // namespace caddie::testing
