// SPDX-License-Identifier: Apache-2.0
// Safetensors files of others: every tensor is read or an Error. The input is the header and what follows it;
// the eight bytes of its length are put before it, because mutations hardly keep them right.
#include <caddie/error.h>

#include "fuzz/scratch_file.h"
#include "tensor/safetensors.h"

namespace caddie::fuzz::safetensors {

std::vector<std::string> seeds() {
  return {
      R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"__metadata__":{"k":"v"}})" +
          std::string(8, '\1'),
      R"({"b":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"c":{"dtype":"I64","shape":[],"data_offsets":[4,12]}})" +
          std::string(12, '\2')};
}

void run(std::string_view bytes) {
  size_t end = bytes.rfind('}');
  uint64_t length = end == std::string_view::npos ? bytes.size() : end + 1;
  std::string whole(reinterpret_cast<const char*>(&length), sizeof length);
  whole += bytes;
  try {
    SafetensorsFile file(scratch_file("file.safetensors", whole));
    for (const StoredTensor& tensor : file.tensors()) {
      try {
        file.floats(tensor.name);
      } catch (const Error&) {
      }
      try {
        file.integers(tensor.name);
      } catch (const Error&) {
      }
    }
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(safetensors)

}  // namespace caddie::fuzz::safetensors
