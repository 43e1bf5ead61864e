// SPDX-License-Identifier: Apache-2.0
// A map keeps each hash; data is hashed shard by shard and held against its manifest where there is one.
#include "results/fingerprint.h"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "base/exit_code.h"
#include "base/file_identity.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/hash_cache.h"
#include "base/json.h"
#include "data/byte_sidecar.h"
#include "data/shards.h"

namespace caddie {
namespace {

/// Holds a file as it was when it was hashed.
struct HashedFile {
  std::filesystem::path path;
  FileIdentity identity;  // taken before its bytes were read
  std::string hash;
};

/// Holds a hash, and the files that it is of where these are watched.
struct Hashed {
  std::string hash;
  std::vector<HashedFile> files;
};

/// Returns the value of `name`, which is computed the first time that it is asked for. References stay valid.
const Hashed& once(const std::string& name, const std::function<Hashed()>& compute) {
  static std::mutex mutex;
  static std::map<std::string, Hashed> known;
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
      for (const Json& shard : split.at("shards")) {
        hashes.emplace(shard.at("file"), shard.at("xxh3"));
        if (shard.contains("sidecar"))
          hashes.emplace(shard["sidecar"].at("file"), shard["sidecar"].at("xxh3"));
      }
  } catch (const Json::exception&) {  // It is the manifest of another program.
  }
  return hashes;
}

Hashed hash_data(const std::string& pattern) {
  HashCache cache(HashCache::usual_folder());
  std::map<std::filesystem::path, Hashes> promised;  // the hashes of each folder's manifest
  Hashed data;
  std::string text;
  TokenStream stream(pattern);
  check_byte_sidecars(stream);
  for (const std::filesystem::path& file : stream.files_with_sidecars()) {
    auto [known, is_new] = promised.try_emplace(file.parent_path());
    if (is_new) known->second = promised_hashes(file.parent_path());
    auto wanted = known->second.find(file.filename());
    FileIdentity identity = identity_of(file);
    std::string hash = cache.xxh3(file);
    if (wanted != known->second.end() && wanted->second != hash)
      fail_usage(
          "{}: not the shard that the manifest.json beside it tells of; prepare the data again, or move the "
          "manifest away if the shard is meant",
          file.string());
    text += " " + file.filename().string() + " " + hash;
    data.files.push_back({file, identity, hash});
  }
  data.hash = sha256(text);
  return data;
}

const Hashed& hashed_data(const std::string& pattern) {
  return once("data " + pattern, [&] { return hash_data(pattern); });
}

const Hashed& hashed_file(const std::filesystem::path& path) {
  return once("file " + path.string(), [&] {
    bool exists = std::filesystem::exists(path);  // What is missing is told by sha256_file().
    FileIdentity identity = exists ? identity_of(path) : FileIdentity();
    std::string hash = sha256_file(path);
    return Hashed{hash, {{path, identity, hash}}};
  });
}

}  // namespace

const std::string& engine_hash() {
  // It is not watched: a program that is built anew meanwhile does not change the one that runs.
  return once("engine", [] { return Hashed{sha256_file(engine_file()), {}}; }).hash;
}

const std::string& data_hash(const std::string& pattern) { return hashed_data(pattern).hash; }

const std::string& file_hash(const std::filesystem::path& path) { return hashed_file(path).hash; }

void check_still_hashed(const TokenStream& stream) {
  const std::vector<HashedFile>& files = hashed_data(stream.pattern()).files;
  std::vector<std::filesystem::path> now = stream.files_with_sidecars();
  bool same = std::equal(files.begin(), files.end(), now.begin(), now.end(),
                         [](const HashedFile& hashed, const auto& file) { return hashed.path == file; });
  check(same, "{}: shards came or went while they were in use; start the command again when all are there",
        stream.pattern());
  for (const HashedFile& file : files)
    check_unchanged(file.path, file.identity, [&] { return xxh3_file(file.path) == file.hash; });
}

void check_still_hashed(const std::filesystem::path& path) {
  const HashedFile& file = hashed_file(path).files.front();
  check_unchanged(path, file.identity, [&] { return sha256_file(path) == file.hash; });
}

}  // namespace caddie
