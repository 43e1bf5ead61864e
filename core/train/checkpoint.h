// SPDX-License-Identifier: Apache-2.0
// Saves and loads checkpoints: everything a training needs to go on as if it had never stopped, in one
// safetensors file.
#pragma once

#include <caddie/slots.h>

#include <filesystem>
#include <functional>
#include <string>

namespace caddie {

/// Calls `state` with an archive that collects what it is shown, then replaces the file at `path`.
void save_checkpoint(const std::filesystem::path& path, const std::function<void(Archive&)>& state);

/// Calls `state` with an archive that fills what it is shown; tensors that have no memory yet get it on
/// `device`. Throws Error naming the file and the first value that it lacks or that has another shape.
void load_checkpoint(const std::filesystem::path& path, Device device,
                     const std::function<void(Archive&)>& state);

/// Shows a number by its bits, so that it comes back exactly.
void archive_bits(Archive& archive, const char* name, double& number);

/// Puts a prefix before every name, so that two plugins may use the same names.
class PrefixedArchive final : public Archive {
 public:
  PrefixedArchive(Archive& inner, std::string prefix) : inner_(inner), prefix_(std::move(prefix)) {}
  void operator()(const char* name, Tensor& tensor) override { inner_((prefix_ + name).c_str(), tensor); }
  void operator()(const char* name, std::vector<Tensor>& tensors) override {
    inner_((prefix_ + name).c_str(), tensors);
  }
  void operator()(const char* name, int64_t& number) override { inner_((prefix_ + name).c_str(), number); }

 private:
  Archive& inner_;
  std::string prefix_;
};

}  // namespace caddie
