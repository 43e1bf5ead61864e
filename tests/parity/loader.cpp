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

/// What a rank reads in some micro-steps, one after the other: the tokens, where it is in the stream behind
/// each (if its sampler says so), and the lengths of its sequences in each.
struct Read {
  std::vector<int64_t> inputs, targets, positions;
  std::vector<std::vector<int64_t>> lengths;
};

Read read(Loader& loader, int calls) {
  Read read;
  for (int call = 0; call < calls; ++call) {
    std::vector<int64_t>& lengths = read.lengths.emplace_back();
    for (const Batch& batch : loader.next(Progress())) {
      read.inputs.insert(read.inputs.end(), batch.inputs.begin(), batch.inputs.end());
      read.targets.insert(read.targets.end(), batch.targets.begin(), batch.targets.end());
      lengths.insert(lengths.end(), size_t(batch.rows), batch.length);
    }
    auto position = loader.position().find("position");
    if (position != loader.position().end()) read.positions.push_back(position->second);
  }
  return read;
}

/// Upstream's lists of where sequences begin, with the row's length behind them until a list is as long as a
/// multiple of `bucket`; shorter lists are widened to the longest in the same way.
std::vector<int64_t> cumulated(const std::vector<std::vector<int64_t>>& lengths, size_t bucket) {
  std::vector<std::vector<int64_t>> lists;
  size_t longest = 0;
  for (const std::vector<int64_t>& call : lengths) {
    std::vector<int64_t>& list = lists.emplace_back(1, 0);
    for (int64_t length : call) list.push_back(list.back() + length);
    longest = std::max(longest, (list.size() + bucket - 1) / bucket * bucket);
  }
  std::vector<int64_t> all;
  for (std::vector<int64_t>& list : lists) {
    list.resize(longest, list.back());
    all.insert(all.end(), list.begin(), list.end());
  }
  return all;
}

/// Where each sequence of all ranks begins, as its shard and its place there; ranks take turns.
std::vector<int64_t> windows(const TokenStream& stream, Sampler& sampler, const Batching& batching,
                             int calls) {
  BatchSize part = {batching.size.tokens / (batching.ranks * batching.accumulation), batching.size.length};
  sampler.begin({stream, part, batching.ranks, batching.seed});
  std::vector<int64_t> pairs;
  auto each = size_t(part.tokens / part.length);
  for (int call = 0; call < calls; ++call) {
    std::vector<Sequence> drawn = sampler.next(part);
    for (size_t i = 0; i < drawn.size(); ++i) {
      int64_t shard = 0, place = drawn[i % size_t(batching.ranks) * each + i / size_t(batching.ranks)].start;
      for (; place >= int64_t(stream.tokens(size_t(shard)).size()); ++shard)
        place -= int64_t(stream.tokens(size_t(shard)).size());
      pairs.push_back(shard);
      pairs.push_back(place);
    }
  }
  return pairs;
}

/// The facts of the batches of a case. How many calls there are, of which rank, tells nothing of the sampler.
Facts batch_facts(const Case& c) {
  Facts facts = {{"loader_variant", c.json.value("variant", "stream")}};
  for (const char* key : {"bos_id"})
    if (c.config().contains(key)) facts[key] = c.config()[key];
  return facts;
}

/// Upstream seeds a generator that all ranks share; generators of single ranks have the rank as their seed.
uint64_t seed_of(const Json& config) {
  return config.contains("generator_seed") ? std::stoull(config["generator_seed"].get<std::string>()) : 0;
}

void check_rank(const Case& c, const TokenStream& stream, Sampler& sampler, const Batching& batching,
                const SafetensorsFile& expected, Verdict& verdict) {
  Loader loader(stream, sampler, batching);
  std::string name = "rank" + std::to_string(batching.rank);
  int calls = c.config().at("calls");
  Read got = read(loader, calls);
  verdict.equal(name + ".x", got.inputs, expected.integers(name + ".x"));
  verdict.equal(name + ".y", got.targets, expected.integers(name + ".y"));
  if (expected.has(name + ".cu_seqlens")) {
    auto wanted = expected.integers(name + ".cu_seqlens");
    verdict.equal(name + ".cu_seqlens", cumulated(got.lengths, c.config().at("cu_bucket_size")), wanted);
    verdict.equal(name + ".max_seqlen", std::vector<int64_t>(size_t(calls), batching.size.length),
                  expected.integers(name + ".max_seqlen"));
  }
  if (!expected.has(name + ".stream_position")) return;
  std::vector<int64_t> pairs = expected.integers(name + ".stream_position"), wanted;
  for (int64_t& position : got.positions) position %= stream.size();
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    wanted.push_back(stream_position(stream, pairs[i], pairs[i + 1]));
  verdict.equal(name + ".stream_position", got.positions, wanted);
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

void check_loader(const Case& c, Bench& bench, Verdict& verdict) {
  const Json& config = c.config();
  know_case(c, {"variant"});
  know_keys(config, "config",
            {"world_size", "global_tokens", "seq_len", "grad_accum_steps", "calls", "val_seq_len",
             "shard_tokens", "path_strings", "generator_seed", "pcg64_initial", "pcg64_initial_by_rank",
             "cu_bucket_size", "bos_id"});
  TokenStream stream((c.folder / "fineweb_train_*.bin").string());
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < stream.files().size(); ++i) sizes.push_back(int64_t(stream.tokens(i).size()));
  if (config.contains("shard_tokens"))
    verdict.equal("shard_tokens", sizes, config.at("shard_tokens").get<std::vector<int64_t>>());

  SafetensorsFile expected = c.tensors("expected.safetensors");
  Tree tree = bench.experiment(c, batch_facts(c));
  auto sampler = bench.make<Sampler>(tree, "data.sampler");
  Batching batching = {{config.at("global_tokens"), config.at("seq_len")},
                       config.at("grad_accum_steps"),
                       0,
                       config.at("world_size"),
                       seed_of(config)};
  if (expected.has("windows"))
    verdict.equal("windows", windows(stream, *sampler, batching, config.at("calls")),
                  expected.integers("windows"));
  for (; batching.rank < batching.ranks; ++batching.rank)
    check_rank(c, stream, *sampler, batching, expected, verdict);
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
