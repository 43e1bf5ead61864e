// SPDX-License-Identifier: Apache-2.0
#include "results/fingerprint.h"

#include <dlfcn.h>

#include <functional>
#include <map>
#include <mutex>

#include "base/hash.h"
#include "data/shards.h"

namespace caddie {
namespace {

/// Returns the value of `name`, which is computed the first time that it is asked for. References stay valid.
const std::string& once(const std::string& name, const std::function<std::string()>& compute) {
  static std::mutex mutex;
  static std::map<std::string, std::string> known;
  std::lock_guard lock(mutex);
  auto found = known.find(name);
  return found != known.end() ? found->second : known.emplace(name, compute()).first->second;
}

std::string hash_data(const std::string& pattern) {
  TokenStream stream(pattern);
  std::filesystem::path manifest = stream.files().front().parent_path() / "manifest.json";
  std::string text;
  if (std::filesystem::exists(manifest)) text = sha256_file(manifest);
  for (const auto& file : stream.files())
    text += " " + file.filename().string() + (text.empty() ? " " + xxh3_file(file) : "");
  return sha256(text);
}

}  // namespace

std::filesystem::path engine_file() {
  Dl_info info = {};
  dladdr(reinterpret_cast<void*>(&engine_file), &info);
  return info.dli_fname;
}

const std::string& engine_hash() {
  return once("engine", [] { return sha256_file(engine_file()); });
}

const std::string& data_hash(const std::string& pattern) {
  return once("data " + pattern, [&] { return hash_data(pattern); });
}

const std::string& file_hash(const std::filesystem::path& path) {
  return once("file " + path.string(), [&] { return sha256_file(path); });
}

}  // namespace caddie
