// SPDX-License-Identifier: Apache-2.0
// libFuzzer target for safetensors files: whatever the bytes, the file is refused with an Error, or every
// tensor in it can be read.
//
//   build/release/bin/safetensors-fuzz -max_total_time=600 -rss_limit_mb=1024 build/safetensors-corpus
//
// The input is the header and what follows it; the eight bytes of its length are put before it, because
// mutations hardly keep them right.
#include <caddie/error.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "tensor/safetensors.h"

using namespace caddie;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string rest(reinterpret_cast<const char*>(data), size);
  size_t end = rest.rfind('}');
  uint64_t length = end == std::string::npos ? size : end + 1;
  std::string bytes(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += rest;
  int memory = memfd_create("fuzz", 0);
  if (write(memory, bytes.data(), bytes.size()) != ssize_t(bytes.size())) __builtin_trap();
  try {
    SafetensorsFile file("/proc/self/fd/" + std::to_string(memory));
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
  close(memory);
  return 0;
}
