// SPDX-License-Identifier: Apache-2.0
// Every finished run is a row of a regression, where an effect is what its columns explain beyond all others.
#include "report/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/fisher_f.hpp>
#include <cmath>
#include <set>

#include "base/text.h"
#include "report/ablation.h"
#include "results/metrics.h"
#include "statistics/basis.h"
#include "statistics/joint.h"
#include "sweep/designs/design.h"

namespace caddie {
namespace {

constexpr double kConfidence = 0.95;
constexpr double kRounding = 1e-24;  // A smaller share of the scores' sum of squares is rounding, not noise.

/// A term is the set of columns that together stand for a factor or a pair.
struct Term {
  std::string name;
  size_t factor = 0;  // the factor of a main effect; a pair has no use for it
  std::vector<Regressor> columns;
  std::vector<size_t> levels = {};  // the level of each column, where the factor has more than two
};

/// Fits all finished runs, each of which is a row. A factor of two levels is -1 at its first and +1 at the
/// other; one of more has a column for each level but the reference, 1 at that level and 0 elsewhere.
class Regression {
 public:
  explicit Regression(const Ablation& ablation) : ablation_(ablation), plan_(*ablation.plan) {
    for (const RunRow& run : ablation.runs) {
      bool counts = run.state.status == RunStatus::done && std::isfinite(run.number(kBpb));
      if (!counts || run.arm->levels.size() != plan_.factors.size()) continue;
      rows_.push_back(&run.arm->levels);
      scores_.push_back(run.number(kBpb));
      seeds_.push_back(run.run->seed);
    }
    find_blocks();
    for (size_t f = 0; f < plan_.factors.size(); ++f) mains_.push_back(main_effect(f));
    for (size_t f = 0; f < mains_.size(); ++f)
      for (size_t g = f + 1; g < mains_.size(); ++g) pairs_.push_back(pair(mains_[f], mains_[g]));
  }

  std::vector<Effect> estimate() const {
    std::vector<Term> all = mains_;
    all.insert(all.end(), pairs_.begin(), pairs_.end());
    auto known = noise(all);
    double variance = known.first, df = known.second;
    std::vector<Effect> found;
    // Main effects are estimated without the pairs, from which a fractional design of low resolution cannot
    // tell them apart.
    for_each_with_others(mains_, {0, mains_.size()}, always_in(), [&](const Term& term, const Basis& others) {
      if (term.levels.empty())
        found.push_back(two_levels(term, others, mains_, variance, df));
      else
        for (Effect& effect : against_reference(term, others, variance, df))
          found.push_back(std::move(effect));
    });
    Basis with_mains = always_in();
    for (const Term& term : mains_) add(with_mains, term);
    for_each_with_others(pairs_, {0, pairs_.size()}, with_mains, [&](const Term& term, const Basis& others) {
      found.push_back(is_of_two_levels(term) ? two_levels(term, others, all, variance, df)
                                             : f_test(term, others, variance, df));
    });
    return found;
  }

 private:
  /// Notes whether arms share trainings. Where all arms share theirs, each seed becomes a block, as
  /// differences between seeds are then no noise of the arms.
  void find_blocks() {
    auto trained_apart = [&](const ArmRow& row) {
      return row.bpb.n > 0 && row.trained_as != ablation_.baseline_row().trained_as;
    };
    auto shares = [&](const ArmRow& row) { return row.bpb.n > 0 && row.arm != &plan_.arms[row.trained_as]; };
    shares_trainings_ = std::any_of(ablation_.arms.begin(), ablation_.arms.end(), shares);
    if (!shares_trainings_ || std::any_of(ablation_.arms.begin(), ablation_.arms.end(), trained_apart))
      return;
    for (int64_t seed : std::set<int64_t>(seeds_.begin(), seeds_.end())) {
      Regressor& block = blocks_.emplace_back();
      for (int64_t other : seeds_) block.push_back(other == seed ? 1 : 0);
    }
  }

  size_t count_levels(size_t factor) const {
    size_t most = factor < plan_.levels.size() ? plan_.levels[factor].size() : 0;
    for (const Arm& arm : plan_.arms)
      if (factor < arm.levels.size()) most = std::max(most, arm.levels[factor] + 1);
    return most;
  }

  size_t reference(size_t factor) const {
    const std::vector<size_t>& levels = plan_.baseline().levels;
    return factor < levels.size() ? levels[factor] : 0;
  }

  std::string label(size_t factor, size_t level) const {
    if (factor < plan_.levels.size() && level < plan_.levels[factor].size())
      return plan_.levels[factor][level];
    return fmt::format("{}[{}]", plan_.factors[factor], level);
  }

  /// Returns a column that is `at` where a run has the level and `elsewhere` in the other rows.
  Regressor coded(size_t factor, size_t level, double at, double elsewhere) const {
    Regressor column;
    for (const std::vector<size_t>* levels : rows_)
      column.push_back((*levels)[factor] == level ? at : elsewhere);
    return column;
  }

  Term main_effect(size_t factor) const {
    Term term{plan_.factors[factor], factor, {}};
    if (count_levels(factor) <= 2) {
      term.columns.push_back(coded(factor, 0, -1, 1));
      return term;
    }
    for (size_t level = 0; level < count_levels(factor); ++level) {
      if (level == reference(factor)) continue;
      term.levels.push_back(level);
      term.columns.push_back(coded(factor, level, 1, 0));
    }
    return term;
  }

  /// Returns the interaction of two factors.
  static Term pair(const Term& first, const Term& second) {
    Term term{first.name + "*" + second.name, 0, {}};
    for (const Regressor& a : first.columns)
      for (const Regressor& b : second.columns) {
        Regressor product = a;
        for (size_t i = 0; i < product.size(); ++i) product[i] *= b[i];
        term.columns.push_back(std::move(product));
      }
    return term;
  }

  static bool is_of_two_levels(const Term& term) { return term.columns.size() == 1; }

  static void add(Basis& basis, const Term& term) {
    for (const Regressor& column : term.columns) basis.add(column);
  }

  /// Returns a basis of what every model has: the constant and the blocks.
  Basis always_in() const {
    Basis basis;
    basis.add(Regressor(scores_.size(), 1));
    for (const Regressor& block : blocks_) basis.add(block);
    return basis;
  }

  struct Range {
    size_t begin, end;
    size_t middle() const { return (begin + end) / 2; }
  };

  /// Calls `visit` with each of the terms in the range, in their order, and a basis of all other terms. The
  /// basis given holds those outside the range. Each half of the range adds the other half, so that k terms
  /// take k log k additions.
  template <class Visit>
  static void for_each_with_others(const std::vector<Term>& terms, Range range, const Basis& outside,
                                   const Visit& visit) {
    if (range.end - range.begin == 1) visit(terms[range.begin], outside);
    if (range.end - range.begin < 2) return;
    for (Range half : {Range{range.begin, range.middle()}, Range{range.middle(), range.end}}) {
      Basis basis = outside;
      for (size_t i = range.begin; i < range.end; ++i)
        if (i < half.begin || i >= half.end) add(basis, terms[i]);
      for_each_with_others(terms, half, basis, visit);
    }
  }

  /// Returns the variance of a run and its degrees of freedom: from the seeds where there are several, else
  /// from what the model leaves over. Runs of one seed that share a training show no noise, and where only
  /// some runs share trainings there is no one noise for all terms: both are unknown.
  std::pair<double, double> noise(const std::vector<Term>& terms) const {
    if (shares_trainings_ && blocks_.size() < 2) return {kUnknown, 0};
    if (ablation_.pooled.df > 0 && !shares_trainings_) {
      bool known = ablation_.pooled.variance > 0;
      return known ? std::pair(ablation_.pooled.variance, ablation_.pooled.df) : std::pair(kUnknown, 0.0);
    }
    Basis basis = always_in();
    for (const Term& term : terms) add(basis, term);
    Regressor rest = basis.outside(scores_);
    double df = double(scores_.size()) - double(basis.rank());
    bool known = df > 0 && dot(rest, rest) > kRounding * dot(scores_, scores_);
    return known ? std::pair(dot(rest, rest) / df, df) : std::pair(kUnknown, 0.0);
  }

  /// Sets the change that a step of the column makes, from the part of it that no other column explains;
  /// returns false where there is no such part.
  bool measure(Effect& effect, const Basis& others, const Regressor& column, double step, double variance,
               double df) const {
    if (scores_.empty()) return false;
    Regressor own = others.outside(column);
    if (Basis::is_nothing(own, column)) return false;
    double length = dot(own, own);
    effect.size = step * dot(own, scores_) / length;
    effect.standard_error = step * std::sqrt(variance / length);
    if (df > 0) effect.p = p_of_t(effect.size / effect.standard_error, df, Tail::both);
    return true;
  }

  /// Estimates the effect of a term that has one column. `others` is a basis of the other ones of `terms`.
  Effect two_levels(const Term& term, const Basis& others, const std::vector<Term>& terms, double variance,
                    double df) const {
    Effect effect{term.name};
    if (!measure(effect, others, term.columns[0], 2, variance, df))
      effect.unknown = "cannot be told apart" + namesakes(term, terms);
    return effect;
  }

  /// Estimates the effect of each level of a factor against its level in the baseline.
  std::vector<Effect> against_reference(const Term& term, const Basis& other_terms, double variance,
                                        double df) const {
    std::vector<Effect> found;
    std::vector<int64_t> runs;  // how many each level with an effect has
    for (size_t i = 0; i < term.columns.size(); ++i) {
      Effect effect{label(term.factor, term.levels[i]) + " vs " + label(term.factor, reference(term.factor))};
      Basis others = other_terms;
      for (size_t j = 0; j < term.columns.size(); ++j)
        if (j != i) others.add(term.columns[j]);
      if (measure(effect, others, term.columns[i], 1, variance, df))
        runs.push_back(std::llround(dot(term.columns[i], term.columns[i])));
      else
        effect.unknown =
            dot(term.columns[i], term.columns[i]) > 0 ? "cannot be told apart" : "no finished run";
      found.push_back(std::move(effect));
    }
    if (!runs.empty() && df > 0) hold_together(found, runs, reference_runs(term.factor), df);
    return found;
  }

  /// Returns how many finished runs have the factor's level in the baseline.
  double reference_runs(size_t factor) const {
    Regressor at = coded(factor, reference(factor), 1, 0);
    return dot(at, at);
  }

  /// Adjusts p and sets intervals so that they hold for all levels at once.
  static void hold_together(std::vector<Effect>& levels, const std::vector<int64_t>& runs,
                            double reference_runs, double df) {
    Dunnett joint(runs, reference_runs, df);
    double critical = joint.critical(1 - kConfidence, Tail::both);
    for (Effect& level : levels) {
      if (!std::isfinite(level.p)) continue;
      if (runs.size() > 1)
        level.p = std::max(level.p, joint.p(level.size / level.standard_error, Tail::both));
      level.low = level.size - critical * level.standard_error;
      level.high = level.size + critical * level.standard_error;
    }
  }

  /// Tests whether the columns of a term explain more than all other terms do, of which `basis` is made.
  Effect f_test(const Term& term, Basis basis, double variance, double df) const {
    Effect effect{term.name};
    Regressor before = basis.outside(scores_);
    size_t rank = basis.rank();
    add(basis, term);
    Regressor after = basis.outside(scores_);
    effect.contrasts = int64_t(basis.rank() - rank);
    auto all = int64_t(term.columns.size());
    if (effect.contrasts == 0)
      effect.unknown = "cannot be told apart";
    else if (!(df > 0))
      effect.unknown = "nothing is known of the noise";
    else if (effect.contrasts < all)
      effect.unknown = fmt::format("{} of {} contrasts; the others are unknown", effect.contrasts, all);
    if (effect.contrasts == 0 || !(df > 0)) return effect;
    effect.f = std::max(0.0, dot(before, before) - dot(after, after)) / double(effect.contrasts) / variance;
    boost::math::fisher_f distribution(double(effect.contrasts), df);
    if (std::isfinite(effect.f)) effect.p = cdf(complement(distribution, effect.f));
    return effect;
  }

  /// Returns the other terms that are aliased with a term of two levels, as " from a, b".
  std::string namesakes(const Term& term, const std::vector<Term>& terms) const {
    std::vector<std::string> names;
    for (const Term& other : terms)
      if (other.name != term.name && is_of_two_levels(other) && !scores_.empty() &&
          std::abs(std::abs(dot(other.columns[0], term.columns[0])) - double(scores_.size())) < 1e-9)
        names.push_back(other.name);
    return names.empty() ? "" : " from " + join(names, ", ");
  }

  const Ablation& ablation_;
  const Plan& plan_;
  std::vector<const std::vector<size_t>*> rows_;
  Regressor scores_;
  std::vector<int64_t> seeds_;  // the seed of each row
  bool shares_trainings_ = false;
  std::vector<Regressor> blocks_;  // one block for each seed, or none at all
  std::vector<Term> mains_, pairs_;
};

/// Tells whether the sweep has factors whose effects can be estimated.
bool is_supported(const Ablation& ablation) {
  const Plan& plan = *ablation.plan;
  const DesignKind* design = find_design(plan.design);
  return design && design->make()->has_effects() && plan.factors.size() >= 2 &&
         std::any_of(ablation.arms.begin(), ablation.arms.end(),
                     [](const ArmRow& row) { return row.bpb.n > 0; });
}

}  // namespace

std::vector<Effect> effects(const Ablation& ablation) {
  return is_supported(ablation) ? Regression(ablation).estimate() : std::vector<Effect>();
}

std::vector<std::string> unknown_cells(const Ablation& ablation) {
  std::vector<std::string> labels;
  if (!is_supported(ablation)) return labels;
  for (const ArmRow& row : ablation.arms)
    if (!row.arm->levels.empty() && row.bpb.n == 0) labels.push_back(row.arm->label);
  for (const Plan::Excluded& cell : ablation.plan->excluded) labels.push_back(cell.label);
  return labels;
}

}  // namespace caddie
