// SPDX-License-Identifier: Apache-2.0
#include "sweep/design.h"

#include <caddie/error.h>

#include <algorithm>
#include <bit>
#include <set>

#include "base/hash.h"
#include "base/text.h"

namespace caddie {
namespace {

using Levels = std::vector<size_t>;

Levels baseline_levels(const SweepFile& sweep) {
  Levels levels;
  for (const Factor& factor : sweep.factors) levels.push_back(factor.baseline);
  return levels;
}

[[noreturn]] void refuse(const SweepFile& sweep, const std::string& what) {
  throw Error(sweep.file.string() + ": [design] kind = \"" + sweep.design.kind + "\": " + what, 2);
}

/// The level that is not the baseline, for designs that switch.
size_t other_level(const SweepFile& sweep, const Factor& factor) {
  if (factor.levels.size() != 2)
    refuse(sweep, message("'{}' has {} levels; this design wants two", {factor.name, factor.levels.size()}));
  return 1 - factor.baseline;
}

/// The first axis varies fastest, each from its baseline level on: arms stand in the order of what they add.
std::vector<Levels> grid(const SweepFile& sweep) {
  std::vector<Levels> rows = {{}};
  for (const Factor& factor : sweep.factors) {
    std::vector<Levels> longer;
    for (size_t step = 0; step < factor.levels.size(); ++step) {
      size_t level = step == 0 ? factor.baseline : step <= factor.baseline ? step - 1 : step;
      for (const Levels& row : rows) {
        longer.push_back(row);
        longer.back().push_back(level);
      }
    }
    if (longer.size() > 100000) refuse(sweep, "the axes multiply to more than 100000 arms");
    rows = std::move(longer);
  }
  return rows;
}

std::vector<Levels> zip(const SweepFile& sweep) {
  std::vector<Levels> rows;
  for (size_t level = 0; level < sweep.factors[0].levels.size(); ++level)
    rows.push_back(Levels(sweep.factors.size(), level));
  for (const Factor& factor : sweep.factors)
    if (factor.levels.size() != rows.size())
      refuse(sweep, message("'{}' has {} levels, '{}' has {}; they vary together",
                            {factor.name, factor.levels.size(), sweep.factors[0].name, rows.size()}));
  return rows;
}

std::vector<Levels> one_at_a_time(const SweepFile& sweep) {
  std::vector<Levels> rows;
  for (size_t f = 0; f < sweep.factors.size(); ++f)
    for (size_t level = 0; level < sweep.factors[f].levels.size(); ++level) {
      if (level == sweep.factors[f].baseline) continue;
      rows.push_back(baseline_levels(sweep));
      rows.back()[f] = level;
    }
  return rows;
}

std::vector<Levels> stack(const SweepFile& sweep) {
  std::vector<Levels> rows;
  Levels levels = baseline_levels(sweep);
  for (size_t f = 0; f < sweep.factors.size(); ++f) {
    levels[f] = other_level(sweep, sweep.factors[f]);
    rows.push_back(levels);
  }
  return rows;
}

/// Distinct combinations in the order of a hash of seed and number: the same on every machine.
std::vector<Levels> random_rows(const SweepFile& sweep) {
  double all = 1;
  for (const Factor& factor : sweep.factors) all *= double(factor.levels.size());
  auto wanted = size_t(std::min(double(sweep.design.samples), all - 1));
  std::set<Levels> seen = {baseline_levels(sweep)};
  std::vector<Levels> rows;
  for (int64_t draw = 0; rows.size() < wanted; ++draw) {
    Levels row;
    for (const Factor& factor : sweep.factors) {
      std::string digits = sha256(message("{} {} {}", {sweep.design.seed, draw, factor.name})).substr(0, 12);
      row.push_back(size_t(std::stoull(digits, nullptr, 16) % factor.levels.size()));
    }
    if (seen.insert(row).second) rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<Levels> fractional(const SweepFile& sweep) {
  Fraction design = fraction(sweep.factors.size(), size_t(sweep.design.arms), int(sweep.design.resolution));
  for (Levels& row : design.rows)
    for (size_t f = 0; f < row.size(); ++f)
      row[f] = row[f] ? other_level(sweep, sweep.factors[f]) : sweep.factors[f].baseline;
  return design.rows;
}

std::vector<Levels> rows_of(const SweepFile& sweep) {
  const std::string& kind = sweep.design.kind;
  if (kind == "list") {
    if (!sweep.factors.empty()) refuse(sweep, "a list has points and no axes; choose another kind");
    return {};
  }
  if (sweep.factors.empty()) {
    if (kind == "grid") return {};
    refuse(sweep, "there is nothing to vary; add an [[axis]] or techniques = [...]");
  }
  if (kind == "grid") return grid(sweep);
  if (kind == "zip") return zip(sweep);
  if (kind == "stack") return stack(sweep);
  if (kind == "random") return random_rows(sweep);
  if (kind == "fractional") return fractional(sweep);
  return one_at_a_time(sweep);
}

Combination combination(const SweepFile& sweep, const Levels& levels) {
  Combination c{"", sweep.design.kind, levels};
  for (size_t f = 0; f < levels.size(); ++f) {
    const Factor& factor = sweep.factors[f];
    const Level& level = factor.levels[levels[f]];
    c.overrides.insert(c.overrides.end(), level.overrides.begin(), level.overrides.end());
    if (levels[f] != factor.baseline) c.label += (c.label.empty() ? "" : " ") + level.label;
  }
  if (levels == baseline_levels(sweep)) {
    c.label = "baseline";
    c.kind = "baseline";
  }
  return c;
}

/// Makes the point that is asked for by its label the baseline. The base experiment stays an arm where the
/// design has it as one.
void choose_point(const SweepFile& sweep, std::vector<Combination>& all, bool keeps_base) {
  std::vector<std::string> labels;
  for (const Combination& c : all) labels.push_back(c.label);
  auto chosen = std::find(labels.begin(), labels.end(), sweep.baseline_label);
  if (chosen == labels.end())
    refuse(sweep, message("no arm is called '{}', which is to be the baseline{}",
                          {sweep.baseline_label, suggestion(sweep.baseline_label, labels)}));
  Combination& point = all[size_t(chosen - labels.begin())];
  if (point.kind == "baseline") return;
  if (point.kind != "point")
    refuse(sweep,
           message("'{}' is a combination of levels, and a baseline of that kind is named level by level; "
                   "write [design.baseline] and below it the level of each axis, such as name = true",
                   {point.label}));
  auto base = std::find_if(all.begin(), all.end(), [](const Combination& c) { return c.kind == "baseline"; });
  base->kind = sweep.design.kind;
  base->label = "base";
  point.kind = "baseline";
  if (!keeps_base) all.erase(base);
}

/// Letters of the shortest word.
int resolution_of(const std::vector<uint32_t>& words) {
  int shortest = 0;
  for (uint32_t word : words)
    shortest = shortest == 0 ? std::popcount(word) : std::min(shortest, std::popcount(word));
  return shortest;
}

/// All products of the generators' words.
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

  /// Empty when there are none, or none were found in as many steps as a moment allows.
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

std::string letters(uint32_t word, const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    if (word >> i & 1) text += (text.empty() ? "" : "*") + names[i];
  return text;
}

}  // namespace

std::vector<Combination> combinations(const SweepFile& sweep) {
  std::vector<Combination> all;
  for (const Levels& levels : rows_of(sweep)) all.push_back(combination(sweep, levels));
  bool has_baseline =
      std::any_of(all.begin(), all.end(), [](const Combination& c) { return c.kind == "baseline"; });
  if (!has_baseline) all.insert(all.begin(), combination(sweep, baseline_levels(sweep)));
  for (const Level& point : sweep.points) all.push_back({point.label, "point", {}, point.overrides});
  if (!sweep.baseline_label.empty()) choose_point(sweep, all, has_baseline);
  auto baseline =
      std::find_if(all.begin(), all.end(), [](const Combination& c) { return c.kind == "baseline"; });
  std::rotate(all.begin(), baseline, baseline + 1);
  std::set<std::string> labels;
  for (const Combination& c : all)
    if (!labels.insert(c.label).second)
      refuse(sweep, message("two arms are called '{}'; give labels", {c.label}));
  return all;
}

Fraction fraction(size_t factors, size_t arms, int resolution) {
  if (factors < 2 || factors > 16)
    throw Error(message("a fractional design takes 2 to 16 factors; there are {}", {factors}), 2);
  if (arms != 0 && !std::has_single_bit(arms))
    throw Error(message("a fractional design has 4, 8, 16, ... arms; {} is no power of two", {arms}), 2);
  size_t first = arms ? size_t(std::countr_zero(arms)) : 2, last = arms ? first : factors;
  for (size_t basic = first; basic <= last; ++basic) {
    size_t free = std::min(basic, factors), added = factors - free;
    std::vector<uint32_t> generators;
    for (int best = int(free) + 1; added > 0 && generators.empty() && best >= resolution; --best)
      generators = GeneratorSearch(free, added, best).run();
    if (generators.size() < added) continue;
    Fraction design;
    design.words = words_of(generators, free);
    design.resolution = resolution_of(design.words);
    for (size_t row = 0; row < size_t(1) << free; ++row) {
      std::vector<size_t> levels;
      for (size_t f = 0; f < free; ++f) levels.push_back(row >> f & 1);
      for (uint32_t generator : generators)
        levels.push_back(size_t(std::popcount(uint32_t(row) & generator) & 1));
      design.rows.push_back(std::move(levels));
    }
    return design;
  }
  throw Error(message("{} arms cannot hold {} factors at resolution {}; take more arms or a lower resolution",
                      {arms, factors, resolution}),
              2);
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
