// SPDX-License-Identifier: Apache-2.0
// Cases of kind loader: the batches that each rank gets from the shards of a folder.
#include "data/loader.h"

#include "data/validation.h"
#include "parity/kinds.h"

namespace caddie::parity {
namespace {

std::vector<int64_t> widen(const std::vector<int32_t>& values) { return {values.begin(), values.end()}; }

/// A file and a position in it, as a position in the whole stream. The end of a file is the start of the
/// next.
int64_t stream_position(const TokenStream& stream, int64_t file, int64_t position) {
  for (int64_t i = 0; i < file; ++i) position += int64_t(stream.tokens(size_t(i)).size());
  return position % stream.size();
}

void check_rank(const Case& c, const TokenStream& stream, int rank, const SafetensorsFile& expected,
                Verdict& verdict) {
  const Json& config = c.config();
  int world = config.at("world_size");
  Loader loader(stream, config.at("global_tokens"), config.at("seq_len"), config.at("grad_accum_steps"), rank,
                world);
  std::string name = "rank" + std::to_string(rank);
  std::vector<int64_t> inputs, targets, positions;
  for (int call = 0; call < config.at("calls").get<int>(); ++call) {
    Batch batch = loader.next();
    inputs.insert(inputs.end(), batch.inputs.begin(), batch.inputs.end());
    targets.insert(targets.end(), batch.targets.begin(), batch.targets.end());
    positions.push_back(loader.position() % stream.size());
  }
  verdict.equal(name + ".x", inputs, expected.integers(name + ".x"));
  verdict.equal(name + ".y", targets, expected.integers(name + ".y"));
  std::vector<int64_t> pairs = expected.integers(name + ".stream_position"), wanted;
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    wanted.push_back(stream_position(stream, pairs[i], pairs[i + 1]));
  verdict.equal(name + ".stream_position", positions, wanted);
}

bool is_refused(const std::filesystem::path& path) {
  check(std::filesystem::exists(path), "{}: the file is not there", path.string());
  try {
    Shard shard(path);
    return false;
  } catch (const Error&) {
    return true;
  }
}

}  // namespace

void check_loader(const Case& c, Bench&, Verdict& verdict) {
  const Json& config = c.config();
  know_case(c, {});
  know_keys(
      config, "config",
      {"world_size", "global_tokens", "seq_len", "grad_accum_steps", "calls", "val_seq_len", "shard_tokens"});
  TokenStream stream((c.folder / "fineweb_train_*.bin").string());
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < stream.files().size(); ++i) sizes.push_back(int64_t(stream.tokens(i).size()));
  if (config.contains("shard_tokens"))
    verdict.equal("shard_tokens", sizes, config.at("shard_tokens").get<std::vector<int64_t>>());

  SafetensorsFile expected = c.tensors("expected.safetensors");
  for (int rank = 0; rank < config.at("world_size").get<int>(); ++rank)
    check_rank(c, stream, rank, expected, verdict);
  if (expected.has("val_tokens")) {
    TokenStream validation((c.folder / "fineweb_val_*.bin").string());
    verdict.equal("val_tokens", widen(load_validation(validation, config.at("val_seq_len"))),
                  expected.integers("val_tokens"));
  }
  if (c.expected().contains("bad_shards_must_be_refused"))
    for (const auto& [file, why] : c.expected().at("bad_shards_must_be_refused").items())
      verdict.equal(file + " is taken", !is_refused(c.folder / file));
}

}  // namespace caddie::parity
