// SPDX-License-Identifier: Apache-2.0
// Looks at what samplers draw from made-up shards for two ranks.
#include <caddie/sampler.h>

#include <set>

#include "laws/looks.h"
#include "laws/samples.h"

namespace caddie {
namespace {

/// Shards of three sizes, of documents of one to eleven tokens, each of which begins with token 1.
struct SampleText final : TrainingText {
  std::vector<std::vector<uint16_t>> all;
  SampleText() {
    for (int size : {150, 90, 133}) {
      std::vector<uint16_t>& shard = all.emplace_back(size_t(size), uint16_t(7));
      for (size_t i = 0, step = 1; i < shard.size(); i += step) {
        shard[i] = 1;
        step = 1 + step % 11;
      }
    }
  }
  size_t shards() const override { return all.size(); }
  std::span<const uint16_t> tokens(size_t shard) const override { return all[shard]; }
};

constexpr BatchSize kPart = {24, 8};
constexpr int kRanks = 2;

std::unique_ptr<Sampler> begun(const Subject& subject, const SampleText& text) {
  auto sampler = subject.make<Sampler>();
  sampler->begin({text, kPart, kRanks, 9});
  return sampler;
}

void hold_share(const std::vector<Sequence>& drawn, int call) {
  int64_t tokens = 0;
  std::set<int64_t> sums;
  for (const Sequence& sequence : drawn) {
    hold(sequence.start >= 0 && sequence.length >= 1 && sequence.length <= kPart.length,
         "micro-step {} holds a sequence of {} tokens from {} on; lengths are 1 to {}", call, sequence.length,
         sequence.start, kPart.length);
    sums.insert(tokens += sequence.length);
  }
  hold(tokens == kRanks * kPart.tokens, "micro-step {} has {} tokens; wanted {}", call, tokens,
       kRanks * kPart.tokens);
  hold(sums.count(kPart.tokens) == 1, "no sequence ends where the first rank's {} tokens of micro-step {} do",
       kPart.tokens, call);
}

}  // namespace

void look_at_sampler(const Subject& subject) {
  SampleText text;
  auto sampler = begun(subject, text);
  std::vector<BatchSize> sizes = sampler->sizes({48, 8});
  hold(!sizes.empty() && sizes[0].tokens == 48, "the first of its sizes is not that of the experiment");
  std::vector<Sequence> first;
  for (int call = 0; call < 21; ++call) {  // more than the text holds
    std::vector<Sequence> drawn = sampler->next(kPart);
    hold_share(drawn, call);
    if (call == 0) first = drawn;
  }
  sampler->begin({text, kPart, kRanks, 9});
  hold(sampler->next(kPart) == first, "begun once more it draws another first micro-step");
}

void look_at_sampler_state(const Subject& subject) {
  SampleText text;
  for (int cut : {0, 1, 3, 10, 21}) {
    auto sampler = begun(subject, text), fresh = begun(subject, text);
    for (int call = 0; call < cut; ++call) sampler->next(kPart);
    MemoryArchive archive;
    archive.save(*sampler);
    std::vector<Sequence> next = sampler->next(kPart);
    archive.load(*sampler);
    const char* rule = "state() must name every number that next() changes";
    hold(sampler->next(kPart) == next,
         "micro-step {} is another one when it was drawn ahead and taken back; {}", cut, rule);
    archive.load(*fresh);
    hold(fresh->next(kPart) == next, "resumed behind {} micro-steps it draws another one; {}", cut, rule);
    for (int call = 1; call < 15; ++call)
      hold(fresh->next(kPart) == sampler->next(kPart),
           "resumed behind {} micro-steps it draws another micro-step {}; {}", cut, cut + call, rule);
  }
}

std::string output_of_sampler(const Subject& subject) {
  SampleText text;
  auto sampler = begun(subject, text);
  Output output;
  for (int call = 0; call < 9; ++call)
    for (const Sequence& sequence : sampler->next(kPart)) {
      output.add(double(sequence.start));
      output.add(double(sequence.length));
    }
  return output.bytes();
}

}  // namespace caddie
