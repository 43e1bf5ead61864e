// SPDX-License-Identifier: Apache-2.0
// A map keeps each hash; data is hashed shard by shard and held against its manifest where there is one.
#include "results/fingerprint.h"

#include <dlfcn.h>

#include <functional>
#include <map>
#include <mutex>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/hash_cache.h"
#include "base/json.h"
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

using Hashes = std::map<std::string, std::string>;

/// Returns the hashes of a folder's shards by file name, as `caddie data prepare` wrote them into the
/// manifest there; none where there is no manifest, or another program's.
Hashes promised_hashes(const std::filesystem::path& folder) {
  std::filesystem::path manifest = folder / "manifest.json";
  if (!std::filesystem::exists(manifest)) return {};
  Hashes hashes;
  try {
    Json told = Json::parse(read_file(manifest));
    for (const Json& split : told.at("splits"))
      for (const Json& shard : split.at("shards")) hashes.emplace(shard.at("file"), shard.at("xxh3"));
  } catch (const Json::exception&) {  // It is the manifest of another program.
  }
  return hashes;
}

std::string hash_data(const std::string& pattern) {
  HashCache cache(HashCache::usual_folder());
  std::map<std::filesystem::path, Hashes> promised;  // the hashes of each folder's manifest
  std::string text;
  TokenStream stream(pattern);
  for (const std::filesystem::path& file : stream.files()) {
    auto [known, is_new] = promised.try_emplace(file.parent_path());
    if (is_new) known->second = promised_hashes(file.parent_path());
    auto wanted = known->second.find(file.filename());
    std::string hash = cache.xxh3(file);
    if (wanted != known->second.end() && wanted->second != hash)
      fail_usage(
          "{}: not the shard that the manifest.json beside it tells of; prepare the data again, or move the "
          "manifest away if the shard is meant",
          file.string());
    text += " " + file.filename().string() + " " + hash;
  }
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
