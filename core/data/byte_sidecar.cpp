// SPDX-License-Identifier: Apache-2.0
// Decides whether shards need sidecars, and holds each against its shard.
#include "data/byte_sidecar.h"

#include <caddie/error.h>

#include <map>
#include <set>
#include <string>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

/// Returns the names of the sidecars that the manifest in a folder tells of, in the form in which
/// `caddie data prepare` writes it.
std::set<std::string> promised_sidecars(const fs::path& folder) {
  std::set<std::string> names;
  if (!fs::exists(folder / "manifest.json")) return names;
  try {
    Json manifest = Json::parse(read_file(folder / "manifest.json"));
    for (const Json& split : manifest.at("splits"))
      for (const Json& shard : split.at("shards"))
        if (shard.contains("sidecar")) names.insert(shard["sidecar"].at("file"));
  } catch (const Json::exception&) {  // It is the manifest of another program.
  }
  return names;
}

/// Returns why the shards of a stream need sidecars; empty when nothing says so.
std::string need_of(const TokenStream& stream) {
  std::map<fs::path, std::set<std::string>> promised;  // by folder
  for (const fs::path& file : stream.files()) {
    fs::path sidecar = sidecar_of(file), folder = file.parent_path();
    if (fs::exists(sidecar)) return message("{} lies there", {sidecar.filename().string()});
    if (promised.count(folder) == 0) promised[folder] = promised_sidecars(folder);
    if (promised[folder].count(sidecar.filename()) > 0) return "the manifest beside it tells of it";
  }
  return "";
}

/// Throws Error (kUsage) naming the first shard that lacks its sidecar, and why it needs one.
void check_all_have_one(const TokenStream& stream, const std::string& need) {
  for (const fs::path& file : stream.files())
    if (!fs::exists(sidecar_of(file)))
      fail_usage(
          "{}: its byte sidecar {} is missing, and {}; without it nothing tells the bytes of the original "
          "text. Bring it back, or prepare the data again",
          file.string(), sidecar_of(file).filename().string(), need);
}

/// Appends the sidecar of one shard to `bytes`.
void append_sidecar(const fs::path& shard, std::span<const uint16_t> tokens, int begin_id,
                    std::vector<uint16_t>& bytes) {
  fs::path path = sidecar_of(shard);
  Shard sidecar(path);
  check(sidecar.tokens().size() == tokens.size(),
        "{}: counts the bytes of {} tokens, but {} holds {}; prepare the data again", path.string(),
        sidecar.tokens().size(), shard.filename().string(), tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i)
    check(tokens[i] != begin_id || sidecar.tokens()[i] == 0,
          "{}: gives {} bytes to token {}, which begins a document and has none: not the sidecar of {}",
          path.string(), int(sidecar.tokens()[i]), i, shard.filename().string());
  bytes.insert(bytes.end(), sidecar.tokens().begin(), sidecar.tokens().end());
}

}  // namespace

void check_byte_sidecars(const TokenStream& stream) {
  if (std::string need = need_of(stream); !need.empty()) check_all_have_one(stream, need);
}

std::vector<uint16_t> load_byte_sidecar(const TokenStream& stream, const Vocabulary& vocabulary) {
  std::string need = need_of(stream);
  if (need.empty() && vocabulary.has_symbols()) need = "the tokenizer has symbols of a text transform";
  std::vector<uint16_t> bytes;
  if (need.empty()) return bytes;
  check_all_have_one(stream, need);
  for (size_t i = 0; i < stream.files().size(); ++i)
    append_sidecar(stream.files()[i], stream.tokens(i), vocabulary.begin_id(), bytes);
  return bytes;
}

}  // namespace caddie
