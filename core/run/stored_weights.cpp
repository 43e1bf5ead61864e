// SPDX-License-Identifier: Apache-2.0
// Weights are copied to the host to be hashed or written, and from there to the model's device when read.
#include "run/stored_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "tensor/finite.h"
#include "tensor/safetensors.h"

namespace caddie {

std::string hash_of(const Tensor& value) {
  if (!value.defined()) return "";
  Tensor host = on_host(value);
  return xxh3({reinterpret_cast<const char*>(host.data()), size_t(host.numel()) * sizeof(float)});
}

std::string hash_of(std::span<const Tensor> values) {
  std::string hashes;
  for (const Tensor& value : values) hashes += hash_of(value);
  return xxh3(hashes);
}

void write_weights(const std::filesystem::path& file, const WeightTable& table,
                   std::span<const Tensor> values) {
  std::vector<std::pair<std::string, Tensor>> named;
  for (int i = 0; i < table.size(); ++i) named.emplace_back(table.info(i).name, on_host(values[size_t(i)]));
  write_safetensors(file, named, {});
}

std::string unused_weights(const std::filesystem::path& file, const WeightTable& table) {
  std::vector<std::string> unused;
  for (const std::string& name : SafetensorsFile(file).names())
    if (table.find(name) < 0) unused.push_back(name);
  if (unused.empty()) return "";
  size_t count = unused.size();
  unused.resize(std::min<size_t>(count, 3));
  return fmt::format("{}: {} of its tensors {} no weight of the model: {}{}", file.string(), count,
                     count == 1 ? "is" : "are", join(unused, ", "), count > unused.size() ? ", ..." : "");
}

std::string not_finite_in(std::span<const Tensor> values, const WeightTable& table) {
  for (int i = 0; i < table.size(); ++i)
    if (values[size_t(i)].defined())
      if (std::string bad = first_not_finite(values[size_t(i)]); !bad.empty())
        return table.info(i).name + bad;
  return "";
}

std::vector<Tensor> read_weights(const std::filesystem::path& file, const WeightTable& table) {
  SafetensorsFile stored(file);
  std::vector<Tensor> values;
  for (const WeightInfo& info : table.infos()) {
    if (info.training_only && !stored.has(info.name)) {
      values.emplace_back();
      continue;
    }
    Tensor host = stored.floats(info.name);
    check(host.shape() == info.shape, "{}: {} is {}, the model wants {}", file.string(), info.name,
          host.shape(), info.shape);
    Tensor placed(info.shape, table.device());
    copy(host, placed);
    values.push_back(std::move(placed));
  }
  return values;
}

}  // namespace caddie
