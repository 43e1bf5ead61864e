// SPDX-License-Identifier: Apache-2.0
// What a user sees of CUDA on a machine that has no GPU. With a usable one these cases have nothing to say.
#include <caddie/error.h>
#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <string>

#include "device/device.h"
#include "support/paths.h"

namespace caddie {
namespace {

#if defined(CADDIE_CUDA)
constexpr const char* kReason = "no ";  // no driver, no usable GPU, no GPU visible
#else
constexpr const char* kReason = "configure it with the cuda preset";
#endif

bool cuda_is_usable() {
  bool usable = choose_device("auto", nullptr) == Device::kCuda;
  if (usable) WARN("there is a GPU: not tested what happens without one");
  return usable;
}

TEST_CASE("cpu is the CPU, without a note", "[device][cuda]") {
  std::string note;
  CHECK(choose_device("cpu", &note) == Device::kCpu);
  CHECK(note.empty());
}

TEST_CASE("An unknown device is a usage error", "[device][cuda]") {
  CHECK_THROWS_WITH(choose_device("gpu", nullptr), "--device gpu: no such device; use cpu, cuda or auto");
  try {
    choose_device("CUDA", nullptr);
    FAIL("CUDA in capitals was taken");
  } catch (const Error& error) {
    CHECK(error.code() == 2);
  }
}

TEST_CASE("cuda without a GPU says why, each time", "[device][cuda]") {
  if (cuda_is_usable()) return;
  for (int attempt = 0; attempt < 2; ++attempt) {
    CHECK_THROWS_WITH(choose_device("cuda", nullptr), Catch::StartsWith("--device cuda: ") &&
                                                          Catch::Contains(kReason) &&
                                                          Catch::EndsWith("; use --device cpu"));
    CHECK_THROWS_WITH(cuda_backend(), Catch::StartsWith("device cuda: ") && Catch::Contains(kReason));
  }
}

TEST_CASE("auto without a GPU falls back with one line that says why", "[device][cuda]") {
  if (cuda_is_usable()) return;
  std::string note;
  CHECK(choose_device("auto", &note) == Device::kCpu);
  CHECK_THAT(note, Catch::StartsWith("using the CPU: ") && Catch::Contains(kReason));
  CHECK(note.find('\n') == std::string::npos);
}

TEST_CASE("A tensor on a device that is not there is an error, not a crash", "[device][cuda]") {
  if (cuda_is_usable()) return;
  CHECK_THROWS_WITH(Tensor({2, 3}, Device::kCuda), Catch::Contains(kReason));
}

#if defined(CADDIE_CUDA)
TEST_CASE("The CUDA library opens without a driver and says what is missing", "[device][cuda]") {
  if (cuda_is_usable()) return;
  void* library = dlopen((build_folder() / "lib/caddie_cuda.so").c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) FAIL(dlerror());
  auto open = reinterpret_cast<Backend* (*)(std::string*)>(dlsym(library, "caddie_open_cuda"));
  REQUIRE(open != nullptr);
  std::string why;
  CHECK(open(&why) == nullptr);
  CHECK_THAT(why, Catch::Contains(kReason));
}
#endif

}  // namespace
}  // namespace caddie
