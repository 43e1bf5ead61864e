// SPDX-License-Identifier: Apache-2.0
// A fraction is a full design in some factors; the others are products of these, found by search.
#include "sweep/fraction.h"

#include <caddie/error.h>

#include <algorithm>
#include <bit>
#include <set>

#include "base/exit_code.h"

namespace caddie {
namespace {

/// Returns the number of letters of the shortest word.
int resolution_of(const std::vector<uint32_t>& words) {
  int shortest = 0;
  for (uint32_t word : words)
    shortest = shortest == 0 ? std::popcount(word) : std::min(shortest, std::popcount(word));
  return shortest;
}

/// Returns all products of the generators' words. Generator g is the product of the first `basic` factors
/// that makes factor basic + g.
std::vector<uint32_t> words_of(const std::vector<uint32_t>& generators, size_t basic) {
  std::vector<uint32_t> words;
  for (uint32_t choice = 1; choice < 1u << generators.size(); ++choice) {
    uint32_t word = 0;
    for (size_t g = 0; g < generators.size(); ++g)
      if (choice >> g & 1) word ^= generators[g] | 1u << (basic + g);
    words.push_back(word);
  }
  return words;
}

/// Finds products of the free factors that generate the others with no word shorter than `resolution`, by
/// depth-first search, long products first.
class GeneratorSearch {
 public:
  GeneratorSearch(size_t basic, size_t added, int resolution)
      : basic_(basic), added_(added), resolution_(resolution) {
    for (uint32_t product = 1; product < 1u << basic; ++product)
      if (std::popcount(product) + 1 >= resolution) products_.push_back(product);
    std::stable_sort(products_.begin(), products_.end(),
                     [](uint32_t a, uint32_t b) { return std::popcount(a) > std::popcount(b); });
  }

  /// Returns nothing when there are no such products, or when kMostSteps steps find none.
  std::vector<uint32_t> run() { return extend(0) ? chosen_ : std::vector<uint32_t>(); }

 private:
  bool extend(size_t from) {
    if (chosen_.size() == added_) return true;
    for (size_t i = from; i < products_.size() && ++steps_ < kMostSteps; ++i) {
      chosen_.push_back(products_[i]);
      if (resolution_of(words_of(chosen_, basic_)) >= resolution_ && extend(i + 1)) return true;
      chosen_.pop_back();
    }
    return false;
  }

  static constexpr int kMostSteps = 20000;
  size_t basic_, added_;
  int resolution_;
  int steps_ = 0;
  std::vector<uint32_t> products_, chosen_;
};

/// Returns a row for each combination of the first `basic` factors; each generator makes a column more.
std::vector<std::vector<size_t>> design_rows(const std::vector<uint32_t>& generators, size_t basic) {
  std::vector<std::vector<size_t>> rows;
  for (size_t row = 0; row < size_t(1) << basic; ++row) {
    std::vector<size_t> levels;
    for (size_t f = 0; f < basic; ++f) levels.push_back(row >> f & 1);
    for (uint32_t generator : generators)
      levels.push_back(size_t(std::popcount(uint32_t(row) & generator) & 1));
    rows.push_back(std::move(levels));
  }
  return rows;
}

/// Returns the names of the factors in a word, as in "a*b".
std::string letters(uint32_t word, const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    if (word >> i & 1) text += (text.empty() ? "" : "*") + names[i];
  return text;
}

}  // namespace

Fraction fraction(size_t factors, size_t arms, int resolution) {
  if (factors < 2 || factors > 16)
    fail_usage("a fractional design takes 2 to 16 factors; there are {}", factors);
  if (arms != 0 && !std::has_single_bit(arms))
    fail_usage("a fractional design has 4, 8, 16, ... arms; {} is no power of two", arms);
  size_t first = arms ? size_t(std::countr_zero(arms)) : 2, last = arms ? first : factors;
  for (size_t basic = first; basic <= last; ++basic) {
    size_t free = std::min(basic, factors), added = factors - free;
    std::vector<uint32_t> generators;
    for (int best = int(free) + 1; added > 0 && generators.empty() && best >= resolution; --best)
      generators = GeneratorSearch(free, added, best).run();
    if (generators.size() < added) continue;
    std::vector<uint32_t> words = words_of(generators, free);
    int reached = resolution_of(words);
    return {design_rows(generators, free), std::move(words), reached};
  }
  fail_usage("{} arms cannot hold {} factors at resolution {}; take more arms or a lower resolution", arms,
             factors, resolution);
}

std::vector<std::string> aliases(const Fraction& fraction, const std::vector<std::string>& names) {
  std::vector<uint32_t> effects;
  for (size_t i = 0; i < names.size(); ++i) effects.push_back(1u << i);
  for (size_t i = 0; i < names.size(); ++i)
    for (size_t j = i + 1; j < names.size(); ++j) effects.push_back(1u << i | 1u << j);
  std::vector<std::string> lines;
  std::set<uint32_t> seen;
  for (uint32_t effect : effects) {
    if (!seen.insert(effect).second) continue;
    std::string line;
    for (uint32_t word : fraction.words) {
      uint32_t alias = effect ^ word;
      if (std::popcount(alias) > 2 || alias == 0) continue;
      seen.insert(alias);
      line += " = " + letters(alias, names);
    }
    if (!line.empty()) lines.push_back(letters(effect, names) + line);
  }
  return lines;
}

}  // namespace caddie
