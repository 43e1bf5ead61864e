// SPDX-License-Identifier: Apache-2.0
// Reads the stream from its first token on, as samplers do that change no more than the size of batches.
#pragma once

#include <caddie/plugin.h>

#include <string>
#include <vector>

/// Gives each rank, in each micro-step, the next tokens of the stream, whose sequences lie side by side. The
/// last token of a part is only ever a target.
struct InStreamOrder : caddie::Sampler {
  int64_t position = 0;  // the tokens that all ranks together have read
  int ranks = 1;

  void begin(const caddie::Sampling& sampling) override {
    position = 0;
    ranks = sampling.ranks;
  }
  std::vector<caddie::Sequence> next(const caddie::BatchSize& part) override {
    std::vector<caddie::Sequence> drawn;
    for (int rank = 0; rank < ranks; ++rank, position += part.tokens + 1)
      for (int64_t token = 0; token < part.tokens; token += part.length)
        drawn.push_back({position + token, part.length});
    return drawn;
  }
  void state(caddie::Archive& archive) override { archive("position", position); }
};

/// Holds values that follow one another in a training: values[i] is for progress up to until[i], and the last
/// one for all that comes after it as well.
struct Plan {
  std::vector<int64_t> values;
  std::vector<double> until;

  bool empty() const { return values.empty(); }
  /// Returns the value of the step about to be taken. There must be one.
  int64_t at(const caddie::Progress& progress) const {
    constexpr double kRounding = 1e-12;  // so that 3 steps of 10 are the share 0.3
    size_t i = 0;
    while (i + 1 < values.size() && progress.fraction() > until[i] + kRounding) ++i;
    return values[i];
  }
  /// Throws Error, calling the values by `name`, unless each has an end and the ends rise from above 0.
  void check_order(const std::string& name) const {
    caddie::check(values.size() == until.size(), "{} has {} entries and until {}; each wants its end", name,
                  int64_t(values.size()), int64_t(until.size()));
    for (size_t i = 0; i < until.size(); ++i) {
      double before = i > 0 ? until[i - 1] : 0;
      caddie::check(before < until[i], "until must rise from above 0, and {} does not come after {}",
                    until[i], before);
    }
  }
};

/// Reads in the order of the stream batches whose size follows a plan.
struct PlannedSize : InStreamOrder {
  Plan plan;

  /// Returns the experiment's size with a value of the plan in its place.
  virtual caddie::BatchSize with(int64_t value, const caddie::BatchSize& set) const = 0;

  void declare(caddie::Settings& s, const char* name, const char* help) {
    s(name, plan.values, help, caddie::at_least(1));
    s("until", plan.until, "share of the training up to which each holds, rising; the last one goes on",
      caddie::between(0, 1));
  }
  std::vector<caddie::BatchSize> sizes(const caddie::BatchSize& set) const override {
    std::vector<caddie::BatchSize> all;
    for (int64_t value : plan.values) all.push_back(with(value, set));
    return all.empty() ? std::vector<caddie::BatchSize>{set} : all;
  }
  caddie::BatchSize size(const caddie::BatchSize& set, const caddie::Progress& progress) const override {
    return plan.empty() ? set : with(plan.at(progress), set);
  }
};
