// SPDX-License-Identifier: Apache-2.0
// A fuzz target gives a reader any bytes at all: it must return or throw Error, and what it accepts must
// hold. A target is a namespace with two functions: seeds() returns good inputs, and run() takes one.
//
//     namespace caddie::fuzz::condition {
//     std::vector<std::string> seeds() { return {"val_bpb < 1.2"}; }
//     void run(std::string_view bytes) { ... }
//     CADDIE_FUZZ_TARGET(condition)
//     }
//
// The tests run each target on a few thousand mutations of its seeds (mutations_test.cpp). Built by clang,
// a target is a program of libFuzzer instead, which writes the seeds into the corpus that it is given.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace caddie::fuzz {

struct Target {
  const char* name;
  std::vector<std::string> (*seeds)();
  void (*run)(std::string_view bytes);
};

/// Returns all targets of this program.
inline std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

/// Adds a target to those of this program.
inline bool add(Target target) {
  targets().push_back(target);
  return true;
}

/// Ends the program unless `condition` holds; a fuzzer keeps the input then.
inline void require(bool condition) {
  if (!condition) std::abort();
}

/// Writes the seeds of a target into the first folder that a command line names.
inline void write_seeds(const Target& target, int count, char** arguments) {
  size_t number = 0;
  for (int i = 1; i < count; ++i) {
    std::filesystem::path folder = arguments[i];
    if (!std::filesystem::is_directory(folder)) continue;
    for (const std::string& seed : target.seeds())
      std::ofstream(folder / ("seed" + std::to_string(number++)), std::ios::binary) << seed;
    return;
  }
}

}  // namespace caddie::fuzz

#ifdef CADDIE_LIBFUZZER
#define CADDIE_FUZZ_TARGET(name)                                            \
  extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {      \
    write_seeds({#name, seeds, run}, *count, *arguments);                   \
    return 0;                                                               \
  }                                                                         \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    run(std::string_view(reinterpret_cast<const char*>(data), size));       \
    return 0;                                                               \
  }
#else
#define CADDIE_FUZZ_TARGET(name) const bool added = add({#name, seeds, run});
#endif
