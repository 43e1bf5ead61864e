// SPDX-License-Identifier: Apache-2.0
// Writes what an archive is shown to a safetensors file, and fills it from one.
#include "train/checkpoint.h"

#include <charconv>
#include <cstring>
#include <map>
#include <utility>

#include "tensor/safetensors.h"

namespace caddie {
namespace {

/// Returns the name under which element i of a list is stored.
std::string element(const char* name, size_t i) { return std::string(name) + "." + std::to_string(i); }

/// Collects what it is shown, by name.
class Collector final : public Archive {
 public:
  void operator()(const char* name, Tensor& tensor) override { tensors.emplace_back(name, tensor); }
  void operator()(const char* name, std::vector<Tensor>& list) override {
    numbers[name] = std::to_string(list.size());
    for (size_t i = 0; i < list.size(); ++i)
      if (list[i].defined()) tensors.emplace_back(element(name, i), list[i]);
  }
  void operator()(const char* name, int64_t& number) override { numbers[name] = std::to_string(number); }

  std::vector<std::pair<std::string, Tensor>> tensors;
  std::map<std::string, std::string> numbers;
};

/// Fills what it is shown from a file, by name.
class Filler final : public Archive {
 public:
  Filler(const std::filesystem::path& path, Device device)
      : path_(path.string()), file_(path), device_(device) {}

  void operator()(const char* name, Tensor& tensor) override {
    Tensor stored = file_.floats(name);
    if (!tensor.defined()) tensor = Tensor(stored.shape(), device_);
    check(stored.shape() == tensor.shape(),
          "{}: {} is {}, wanted {}; the checkpoint is of another experiment", path_, name, stored.shape(),
          tensor.shape());
    copy(stored, tensor);
  }
  void operator()(const char* name, std::vector<Tensor>& list) override {
    int64_t count = 0;
    (*this)(name, count);
    list.resize(size_t(count));
    for (size_t i = 0; i < list.size(); ++i)
      if (file_.has(element(name, i))) (*this)(element(name, i).c_str(), list[i]);
  }
  void operator()(const char* name, int64_t& number) override {
    auto found = file_.metadata().find(name);
    check(found != file_.metadata().end(), "{}: there is no '{}'; the checkpoint is of another experiment",
          path_, name);
    const std::string& text = found->second;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    check(error == std::errc() && end == text.data() + text.size(), "{}: '{}' is '{}'; wanted an integer",
          path_, name, text);
  }

 private:
  std::string path_;
  SafetensorsFile file_;
  Device device_;
};

}  // namespace

void archive_bits(Archive& archive, const char* name, double& number) {
  int64_t bits;
  std::memcpy(&bits, &number, sizeof bits);
  archive(name, bits);
  std::memcpy(&number, &bits, sizeof bits);
}

void save_checkpoint(const std::filesystem::path& path, const std::function<void(Archive&)>& state) {
  Collector collector;
  state(collector);
  write_safetensors(path, collector.tensors, collector.numbers);
}

void load_checkpoint(const std::filesystem::path& path, Device device,
                     const std::function<void(Archive&)>& state) {
  Filler filler(path, device);
  state(filler);
}

}  // namespace caddie
