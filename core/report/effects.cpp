// SPDX-License-Identifier: Apache-2.0
#include "report/effects.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "report/table.h"

namespace caddie {
namespace {

using Column = std::vector<double>;

double dot(const Column& a, const Column& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// An orthonormal basis that grows column by column.
class Basis {
 public:
  /// What of `column` lies outside the basis.
  Column outside(Column column) const {
    for (int pass = 0; pass < 2; ++pass)  // twice: the second removes what rounding left
      for (const Column& base : columns_) {
        double share = dot(column, base);
        for (size_t i = 0; i < column.size(); ++i) column[i] -= share * base[i];
      }
    return column;
  }
  void add(const Column& column) {
    Column rest = outside(column);
    double length = std::sqrt(dot(rest, rest));
    if (length < kNothing * std::sqrt(dot(column, column))) return;
    for (double& value : rest) value /= length;
    columns_.push_back(std::move(rest));
  }
  bool holds(const Column& column) const {
    Column rest = outside(column);
    return dot(rest, rest) <= kNothing * kNothing * dot(column, column);
  }
  size_t rank() const { return columns_.size(); }

 private:
  static constexpr double kNothing = 1e-8;
  std::vector<Column> columns_;
};

struct Term {
  std::string name;
  Column column;
};

/// All finished runs as rows: -1 at a factor's baseline level or its first, +1 at the other.
class Model {
 public:
  explicit Model(const Ablation& ablation) : ablation_(ablation) {
    for (const RunRow& run : ablation.runs) {
      bool counts = run.state.status == RunStatus::done && std::isfinite(run.number("val_bpb"));
      if (!counts || run.arm->levels.size() != ablation.plan->factors.size()) continue;
      rows_.push_back(&run.arm->levels);
      scores_.push_back(run.number("val_bpb"));
    }
    const std::vector<std::string>& factors = ablation.plan->factors;
    for (size_t f = 0; f < factors.size(); ++f) mains_.push_back({factors[f], coded(f)});
    for (size_t f = 0; f < factors.size(); ++f)
      for (size_t g = f + 1; g < factors.size(); ++g) {
        Column product = mains_[f].column;
        for (size_t i = 0; i < product.size(); ++i) product[i] *= mains_[g].column[i];
        pairs_.push_back({factors[f] + "*" + factors[g], std::move(product)});
      }
  }

  std::vector<Effect> estimate() const {
    std::vector<Term> all = mains_;
    all.insert(all.end(), pairs_.begin(), pairs_.end());
    auto [variance, df] = noise(all);
    std::vector<Effect> found;
    // Main effects leave the pairs out: that is what a fraction of low resolution is run for.
    for (const Term& term : mains_) found.push_back(estimate(term, mains_, variance, df));
    for (const Term& term : pairs_) found.push_back(estimate(term, all, variance, df));
    return found;
  }

 private:
  Column coded(size_t factor) const {
    Column column;
    for (const std::vector<size_t>* levels : rows_) column.push_back((*levels)[factor] == 0 ? -1 : 1);
    return column;
  }

  /// From seeds where there are several, else from what the model leaves over.
  std::pair<double, double> noise(const std::vector<Term>& terms) const {
    if (ablation_.pooled.df > 0) return {ablation_.pooled.variance, ablation_.pooled.df};
    Basis basis;
    basis.add(Column(scores_.size(), 1));
    for (const Term& term : terms) basis.add(term.column);
    Column rest = basis.outside(scores_);
    double df = double(scores_.size()) - double(basis.rank());
    return {df > 0 ? dot(rest, rest) / df : kUnknown, df};
  }

  Effect estimate(const Term& term, const std::vector<Term>& terms, double variance, double df) const {
    Effect effect{term.name};
    Basis others;
    others.add(Column(scores_.size(), 1));
    for (const Term& other : terms)
      if (other.name != term.name) others.add(other.column);
    if (scores_.empty() || others.holds(term.column)) {
      effect.unknown = "cannot be told apart" + namesakes(term, terms);
      return effect;
    }
    // The part of the column that no other term explains carries the effect; a step from -1 to +1 is two.
    Column own = others.outside(term.column);
    double length = dot(own, own);
    effect.size = 2 * dot(own, scores_) / length;
    effect.standard_error = 2 * std::sqrt(variance / length);
    if (df > 0) effect.p = p_of_t(effect.size / effect.standard_error, df, Tail::both);
    return effect;
  }

  std::string namesakes(const Term& term, const std::vector<Term>& terms) const {
    std::vector<std::string> names;
    for (const Term& other : terms)
      if (other.name != term.name && !scores_.empty() &&
          std::abs(std::abs(dot(other.column, term.column)) - double(scores_.size())) < 1e-9)
        names.push_back(other.name);
    return names.empty() ? "" : " from " + join(names, ", ");
  }

  const Ablation& ablation_;
  std::vector<const std::vector<size_t>*> rows_;
  Column scores_;
  std::vector<Term> mains_, pairs_;
};

bool is_supported(const Ablation& ablation) {
  const Plan& plan = *ablation.plan;
  static const std::set<std::string> kDesigns = {"grid", "fractional", "random"};
  if (!kDesigns.contains(plan.design) || plan.factors.size() < 2) return false;
  bool any = false;
  for (const ArmRow& row : ablation.arms) {
    any = any || row.bpb.n > 0;
    for (size_t level : row.arm->levels)
      if (level > 1) return false;
  }
  return any;
}

}  // namespace

std::vector<Effect> effects(const Ablation& ablation) {
  return is_supported(ablation) ? Model(ablation).estimate() : std::vector<Effect>();
}

std::vector<std::string> unknown_cells(const Ablation& ablation) {
  std::vector<std::string> labels;
  if (!is_supported(ablation)) return labels;
  for (const ArmRow& row : ablation.arms)
    if (!row.arm->levels.empty() && row.bpb.n == 0) labels.push_back(row.arm->label);
  for (const Plan::Excluded& cell : ablation.plan->excluded) labels.push_back(cell.label);
  return labels;
}

std::string effects_text(const Ablation& ablation) {
  TextTable table{{"effect", "val_bpb", "SE", "p", ""}, {}, "lrrrl"};
  auto number = [](double value, const char* format) {
    return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : std::string();
  };
  for (const Effect& effect : effects(ablation))
    table.rows.push_back({effect.name, number(effect.size, "{:+.5f}"),
                          number(effect.standard_error, "{:.5f}"), number(effect.p, "{:.4f}"),
                          effect.unknown});
  return table.rows.empty() ? "" : table.terminal();
}

}  // namespace caddie
