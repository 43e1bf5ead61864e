// SPDX-License-Identifier: Apache-2.0
// Reads byte sidecars: beside a shard of transformed text, how many bytes of the original text each of its
// tokens stands for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/shards.h"
#include "data/vocabulary.h"

namespace caddie {

/// Throws Error (kUsage) naming the first shard that lacks its sidecar, when the manifest beside the shards
/// tells of sidecars or another shard has one.
void check_byte_sidecars(const TokenStream& stream);

/// Returns the bytes of each token of a stream, from the sidecars of its shards; empty where the tokens'
/// pieces tell their bytes. Throws Error as check_byte_sidecars() does, Error (kUsage) also when the
/// vocabulary has symbols of a text transform and no shard has a sidecar, and Error naming a sidecar that is
/// damaged, counts another number of tokens than its shard holds, or gives bytes to the token that begins a
/// document.
std::vector<uint16_t> load_byte_sidecar(const TokenStream& stream, const Vocabulary& vocabulary);

}  // namespace caddie
