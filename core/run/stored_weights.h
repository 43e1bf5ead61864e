// SPDX-License-Identifier: Apache-2.0
// Stages of a run hand weights on as safetensors files and tell them apart by hashes.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "model/weights.h"

namespace caddie {

/// Returns a hash of a tensor's bytes, on whatever device it lies; "" when it is undefined.
std::string hash_of(const Tensor& value);
/// Returns a hash of all values, which tells weights apart.
std::string hash_of(std::span<const Tensor> values);
/// Writes weights with their names to a file.
void write_weights(const std::filesystem::path& file, const WeightTable& table,
                   std::span<const Tensor> values);
/// Returns a sentence that names the tensors of a safetensors file which are no weights of the model; "" when
/// there are none.
std::string unused_weights(const std::filesystem::path& file, const WeightTable& table);
/// Names the first of the weights that holds NaN or infinity, with the element, as in "tok_emb.weight[2, 0]
/// is nan"; "" when all are finite.
std::string not_finite_in(std::span<const Tensor> values, const WeightTable& table);
/// Returns what a file of write_weights() holds, in the order of the table and on its device. Throws Error
/// naming the first weight that is missing or of another shape. What only training reads may be missing, and
/// is undefined then.
std::vector<Tensor> read_weights(const std::filesystem::path& file, const WeightTable& table);

}  // namespace caddie
