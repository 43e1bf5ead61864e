// SPDX-License-Identifier: Apache-2.0
// Seeds, steps and reads the generator, whose state is a number of 128 bits.
#include <caddie/error.h>
#include <caddie/pcg64.h>
#include <caddie/slots.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace caddie {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr int kSeedWords = 4;  // the words of a SeedSequence
using SeedPool = std::array<uint32_t, kSeedWords>;

Wide wide(uint64_t high, uint64_t low) { return Wide(high) << 64 | low; }

/// Scrambles words one after the other, each with a constant of its own.
struct Scramble {
  uint32_t constant, factor;
  uint32_t operator()(uint32_t word) {
    word ^= constant;
    constant *= factor;
    word *= constant;
    return word ^ word >> 16;
  }
};

uint32_t mix(uint32_t a, uint32_t b) {
  uint32_t mixed = 0xca01f9dd * a - 0x4973f715 * b;
  return mixed ^ mixed >> 16;
}

/// Returns the pool of a SeedSequence.
SeedPool pool_of(const std::vector<uint32_t>& entropy) {
  Scramble scramble{0x43b0d7e5, 0x931e8875};
  SeedPool pool;
  for (size_t i = 0; i < kSeedWords; ++i) pool[i] = scramble(i < entropy.size() ? entropy[i] : 0);
  for (size_t from = 0; from < kSeedWords; ++from)
    for (size_t to = 0; to < kSeedWords; ++to)
      if (from != to) pool[to] = mix(pool[to], scramble(pool[from]));
  for (size_t i = kSeedWords; i < entropy.size(); ++i)
    for (uint32_t& word : pool) word = mix(word, scramble(entropy[i]));
  return pool;
}

std::vector<double> running_shares(std::span<const double> weights) {
  std::vector<double> sums(weights.size());
  std::partial_sum(weights.begin(), weights.end(), sums.begin());
  double all = sums.back();
  for (double& sum : sums) sum /= all;
  return sums;
}

size_t first_above(const std::vector<double>& shares, double x) {
  return size_t(std::upper_bound(shares.begin(), shares.end(), x) - shares.begin());
}

}  // namespace

Pcg64::Pcg64(std::initializer_list<uint64_t> entropy) {
  std::vector<uint32_t> words;
  for (uint64_t number : entropy) {
    words.push_back(uint32_t(number));
    if (number >> 32) words.push_back(uint32_t(number >> 32));
  }
  SeedPool pool = pool_of(words);
  Scramble scramble{0x8b51f9dd, 0x58f38ded};
  uint64_t seeds[kSeedWords];
  for (size_t i = 0; i < kSeedWords; ++i) {
    uint64_t low = scramble(pool[2 * i % kSeedWords]);
    seeds[i] = low | uint64_t(scramble(pool[(2 * i + 1) % kSeedWords])) << 32;
  }
  Wide increment = wide(seeds[2], seeds[3]) << 1 | 1, start = increment + wide(seeds[0], seeds[1]);
  increment_high_ = uint64_t(increment >> 64);
  increment_low_ = uint64_t(increment);
  state_high_ = uint64_t(start >> 64);
  state_low_ = uint64_t(start);
  step();
}

void Pcg64::step() {
  Wide next = wide(state_high_, state_low_) * wide(0x2360ED051FC65DA4, 0x4385DF649FCCF645) +
              wide(increment_high_, increment_low_);
  state_high_ = uint64_t(next >> 64);
  state_low_ = uint64_t(next);
}

uint64_t Pcg64::bits() {
  step();
  uint64_t mixed = state_high_ ^ state_low_;
  int turn = int(state_high_ >> 58);
  return mixed >> turn | mixed << (-turn & 63);
}

uint32_t Pcg64::half_bits() {
  has_half_ = !has_half_;
  if (!has_half_) return half_;
  uint64_t both = bits();
  half_ = uint32_t(both >> 32);
  return uint32_t(both);
}

double Pcg64::uniform() { return double(bits() >> 11) / 9007199254740992.0; }

int64_t Pcg64::below(int64_t n) {
  if (n == 1) return 0;
  auto count = uint32_t(n);
  uint32_t too_low = -count % count;  // Below it one product more would come to some results than to others.
  uint64_t product;
  do product = uint64_t(half_bits()) * count;
  while (uint32_t(product) < too_low);
  return int64_t(product >> 32);
}

/// Returns an integer in [0, most]. most > 0.
uint32_t Pcg64::up_to(uint32_t most) {
  uint32_t mask = most, drawn;
  for (int shift = 1; shift < 32; shift *= 2) mask |= mask >> shift;
  do drawn = half_bits() & mask;
  while (drawn > most);
  return drawn;
}

std::vector<int64_t> Pcg64::permutation(int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t(0));
  shuffle(order);
  return order;
}

size_t Pcg64::choice(std::span<const double> weights) {
  return first_above(running_shares(weights), uniform());
}

std::vector<size_t> Pcg64::choice(size_t count, std::vector<double> weights) {
  auto possible = size_t(std::count_if(weights.begin(), weights.end(), [](double w) { return w > 0; }));
  check(count <= possible, "{} different ones are wanted of {}", int64_t(count), int64_t(possible));
  std::vector<size_t> found;
  while (found.size() < count) {
    std::vector<double> drawn(count - found.size());
    for (double& x : drawn) x = uniform();
    for (size_t index : found) weights[index] = 0;
    std::vector<double> shares = running_shares(weights);
    for (double x : drawn)
      if (size_t index = first_above(shares, x); std::find(found.begin(), found.end(), index) == found.end())
        found.push_back(index);
  }
  return found;
}

std::vector<int64_t> Pcg64::multinomial(int64_t n, std::span<const double> probabilities) {
  std::vector<int64_t> counts(probabilities.size());
  double rest = 1;
  for (size_t i = 0; i + 1 < counts.size() && n > 0; ++i) {
    counts[i] = binomial(n, probabilities[i] / rest);
    n -= counts[i];
    rest -= probabilities[i];
  }
  counts.back() += n;
  return counts;
}

/// Returns how many of n draws of probability p succeed: the first count whose probabilities sum up to more
/// than a uniform number.
int64_t Pcg64::binomial(int64_t n, double p) {
  constexpr double kMostExpected = 30;
  if (n == 0 || p <= 0) return 0;
  if (p > 0.5) return n - binomial(n, 1 - p);
  if (double(n) * p > kMostExpected) {
    int64_t half = binomial(n / 2, p);
    return half + binomial(n - n / 2, p);
  }
  double q = 1 - p, none = std::exp(double(n) * std::log(q)), mean = double(n) * p;
  auto bound = int64_t(std::min(double(n), mean + 10 * std::sqrt(mean * q + 1)));
  int64_t count = 0;
  double probability = none;
  for (double x = uniform(); x > probability;) {
    if (++count > bound) {
      count = 0;
      probability = none;
      x = uniform();
    } else {
      x -= probability;
      probability = (double(n - count + 1) * p * probability) / (double(count) * q);
    }
  }
  return count;
}

void Pcg64::state(Archive& archive, const std::string& name) {
  auto show = [&](const char* part, auto& value) {
    auto number = int64_t(value);
    archive((name + part).c_str(), number);
    value = std::remove_reference_t<decltype(value)>(number);
  };
  show(".state_high", state_high_);
  show(".state_low", state_low_);
  show(".increment_high", increment_high_);
  show(".increment_low", increment_low_);
  show(".has_half", has_half_);
  show(".half", half_);
}

}  // namespace caddie
