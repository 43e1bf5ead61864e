// SPDX-License-Identifier: Apache-2.0
// The kinds of parity cases, one file each. All throw Skip for what Caddie lacks.
#pragma once

#include "parity/bench.h"

namespace caddie::parity {

/// Byte tables of a SentencePiece model, ids and byte counts of texts.
void check_byte_tables(const Case& c, Bench& bench, Verdict& verdict);
/// Texts that a transform rewrites, their ids, and the bytes of each token; texts that do not come back.
void check_text_transform(const Case& c, Bench& bench, Verdict& verdict);
/// Batches of every rank, validation tokens, shards to refuse.
void check_loader(const Case& c, Bench& bench, Verdict& verdict);
/// Bucket numbers of hashed token pairs and triples.
void check_hash_ids(const Case& c, Bench& bench, Verdict& verdict);
/// Learning-rate scales, and momenta of an optimizer that warms up.
void check_schedules(const Case& c, Bench& bench, Verdict& verdict);
/// Those of them that go by the share of the training that is done.
void check_fractions(const Case& c, Bench& bench, Verdict& verdict);
/// Stored integers and scales, and what they expand to.
void check_quantizers(const Case& c, Bench& bench, Verdict& verdict);
/// The two of these that come before: second moments of the inputs of linears; which entries become zero.
void check_calibration(const Case& c, Bench& bench, Verdict& verdict);
void check_pruning(const Case& c, Bench& bench, Verdict& verdict);
/// The order of like rows, and bytes brought together, before compression.
void check_layout(const Case& c, Bench& bench, Verdict& verdict);
/// Averages of a sequence of weights.
void check_averagers(const Case& c, Bench& bench, Verdict& verdict);
/// Loss, bits per byte and counts of evaluations of a model.
void check_evaluators(const Case& c, Bench& bench, Verdict& verdict);
/// Loss, logits and gradients of one batch.
void check_forward_backward(const Case& c, Bench& bench, Verdict& verdict);
/// What weights hold before the first step.
void check_initializers(const Case& c, Bench& bench, Verdict& verdict);
/// Weights that an optimizer moves under given gradients.
void check_optimizer_steps(const Case& c, Bench& bench, Verdict& verdict);
/// Losses, rates and weights of a short training.
void check_train_steps(const Case& c, Bench& bench, Verdict& verdict);

}  // namespace caddie::parity
