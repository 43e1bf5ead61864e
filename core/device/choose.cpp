// SPDX-License-Identifier: Apache-2.0
// Chooses the device of a run, and opens the CUDA library. It is a module of its own because a program linked
// to cuBLAS would not start where that is missing, and would start slowly where it is not needed.
#include <dlfcn.h>

#include <filesystem>
#include <mutex>

#include "base/exit_code.h"
#include "device/device.h"

#if defined(CADDIE_CUDA)
#include "device/cuda/stream.h"
#endif

namespace caddie {
namespace {

/// Returns the folder that libcaddie lies in.
std::filesystem::path library_folder() {
  Dl_info info = {};
  dladdr(reinterpret_cast<void*>(&cpu_backend), &info);
  return std::filesystem::path(info.dli_fname).parent_path();
}

/// Returns why CUDA cannot be used, as far as that is known without loading cuBLAS, which takes up to a
/// second; "" when nothing is known to prevent it.
std::string obstacle() {
#if defined(CADDIE_CUDA)
  return cuda_obstacle();
#else
  return "this build has no CUDA kernels; configure it with the cuda preset";
#endif
}

/// Holds the CUDA library, its backend once open() has run, and the number of this process on the machine.
struct Cuda {
  std::once_flag once;
  void* library = nullptr;
  Backend* backend = nullptr;
  std::string reason;  // It says why there is no backend.
  int local_rank = 0;

  void open() {
    reason = obstacle();
    if (!reason.empty()) return;
    std::string path = (library_folder() / "caddie_cuda.so").string();
    using Open = Backend* (*)(std::string * why);
    library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    auto entry = library ? reinterpret_cast<Open>(dlsym(library, "caddie_open_cuda")) : nullptr;
    if (entry)
      backend = entry(&reason);
    else
      reason = dlerror();
  }
};

Cuda& cuda() {
  static Cuda one;
  return one;
}

/// Returns the CUDA library, which it opens on first use.
const Cuda& opened_cuda() {
  std::call_once(cuda().once, [] { cuda().open(); });
  return cuda();
}

}  // namespace

void set_local_rank(int local_rank) { cuda().local_rank = local_rank; }
int local_rank() { return cuda().local_rank; }

void* cuda_symbol(const char* name) {
  const Cuda& opened = opened_cuda();
  return opened.library ? dlsym(opened.library, name) : nullptr;
}

Backend& cuda_backend() {
  const Cuda& opened = opened_cuda();
  if (!opened.backend) fail("device cuda: {}", opened.reason);
  return *opened.backend;
}

Device choose_device(std::string_view wish, std::string* note) {
  if (wish == "cpu") return Device::kCpu;
  if (wish != "cuda" && wish != "auto")
    fail_usage("--device {}: no such device; use cpu, cuda or auto", wish);
  const Cuda& opened = opened_cuda();
  if (opened.backend) return Device::kCuda;
  if (wish == "cuda") fail("--device cuda: {}; use --device cpu", opened.reason);
  if (note) *note = "using the CPU: " + opened.reason;
  return Device::kCpu;
}

}  // namespace caddie
