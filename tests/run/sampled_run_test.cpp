// SPDX-License-Identifier: Apache-2.0
// Runs whose batches come in another order, or change their length or size: they give the same bits on any
// number of threads, killed or not, and count what they read.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "support/laboratory.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

// Twelve of 24 steps have 128 tokens, and twelve 256.
const std::string kGrowing = "data.sampler={use=\"batch_size_schedule\",tokens=[128,256],until=[0.46,1]}";
constexpr int64_t kGrowingTokens = 12 * 128 + 12 * 256;

Json summary_of(const std::string& name) {
  return Json::parse(read_file(laboratory().folder(name) / "summary.json"));
}

Bits run(const std::string& name, const std::string& sampler, const std::string& more) {
  Outcome outcome = laboratory().run(name, fmt::format("-S '{}' {}", sampler, more));
  INFO(outcome.output);
  REQUIRE(outcome.code == 0);
  return bits_of(laboratory().folder(name));
}

}  // namespace

TEST_CASE("every order of batches gives the same bits on any number of threads, and after a kill", "[end]") {
  const char* const kSamplers[] = {"data.sampler.use=coprime_stride", "data.sampler.use=shuffled_sequences",
                                   "data.sampler.use=document_packing", kGrowing.c_str()};
  int number = 0;
  for (const std::string sampler : kSamplers) {
    INFO(sampler);
    std::string name = fmt::format("sampled{}", number++), killed = name + "_killed";
    Bits bits = run(name, sampler, "--threads 1 --strict");
    fs::path folder = laboratory().folder(killed);
    kill_when({"run", laboratory().experiment(), "--output", folder, "--threads", "2", "-S",
               "train.checkpoint_seconds=0.000001", "-S", sampler},
              [&] { return has_checkpoint(folder); });
    REQUIRE(has_checkpoint(folder));
    CHECK(run(killed, sampler, "-S train.checkpoint_seconds=0.000001 --threads 2") == bits);
  }
}

TEST_CASE("a run counts the tokens of batches that grow, and ranks share them", "[end]") {
  run("growing", kGrowing, "");
  CHECK(summary_of("growing").at("tokens") == kGrowingTokens);
  CHECK(summary_of("growing").at("steps") == 24);
  std::string last;
  for (const std::string& row : split(read_file(laboratory().folder("growing") / "metrics.csv"), '\n'))
    if (row.starts_with("24,")) last = split(row, ',').at(1);
  CHECK(last == std::to_string(kGrowingTokens));
  run("growing_ranks", kGrowing, "--ranks 2");
  CHECK(summary_of("growing_ranks").at("tokens") == kGrowingTokens);
  run("growing_warm", kGrowing, "-S train.discarded_warmup_steps=2");
  CHECK(bits_of(laboratory().folder("growing_warm")) == bits_of(laboratory().folder("growing")));
}

TEST_CASE("settings of samplers that cannot be met give one clear error before any training", "[end]") {
  struct Mistake {
    const char *sampler, *says;
  };
  const Mistake kMistakes[] = {
      {"{use=\"sequence_length_schedule\",lengths=[16,64],until=[0.5,1]}",
       "a sequence of 64 tokens is longer than data.sequence_length = 32, which the model is made for"},
      {"{use=\"sequence_length_schedule\",lengths=[16,32],until=[0.5,0.4]}",
       "until must rise from above 0, and 0.4 does not come after 0.5"},
      {"{use=\"sequence_length_schedule\",lengths=[24],until=[1]}",
       "batch_tokens 256 over 1 rank(s) and 1 micro-step(s) is not a whole number of sequences of 24 tokens"},
      {"{use=\"batch_size_schedule\",tokens=[100],until=[1]}", "nearest valid batch_tokens: 96 or 128"},
      {"{use=\"document_packing\",bos_id=65535}", "documents begin with the token 65535"},
      {"{use=\"coprime_stride\",lengths=[24]}",
       "unknown key 'lengths' in [data.sampler]; known: allow_no_effect, ramp_batches, use"},
      {"{use=\"ema\"}", "plugin 'ema' is of kind averager; [data.sampler] wants one of kind sampler"}};
  for (const Mistake& mistake : kMistakes) {
    Outcome outcome =
        laboratory().run("mistaken", fmt::format("--fresh -S 'data.sampler={}'", mistake.sampler));
    INFO(mistake.sampler << ": " << outcome.output);
    CHECK(outcome.code != 0);
    CHECK(outcome.output.find(mistake.says) != std::string::npos);
  }
}
