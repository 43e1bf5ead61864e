// SPDX-License-Identifier: Apache-2.0
// caddie test A B tells whether one arm is better than another, or than a number.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <optional>

#include "base/console.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "report/cells.h"
#include "report/compare_arms.h"
#include "results/metrics.h"
#include "results/run_folder.h"
#include "statistics/interval.h"
#include "sweep/folders.h"

namespace caddie {
namespace {

struct TestArguments {
  std::string arm, baseline, metric = kBpb.name, direction = "min", test = "auto";
  double margin = 0, margin_nats = 0, alpha = 0.01;
  bool assert_met = false, json = false;
};

/// Returns the arm that SWEEP:ARM names. Throws Error (kUsage) when it names none.
FinishedArm named_arm(const std::string& named, const std::string& metric) {
  size_t colon = named.rfind(':');
  if (colon == std::string::npos)
    fail_usage("'{}' names no arm; write SWEEP:ARM, such as quickstart:baseline", named);
  return finished_arm(sweep_folder(named.substr(0, colon)), named.substr(colon + 1), metric);
}

/// Returns the text as a number, or nothing when it is none. Throws Error (kUsage) for nan and inf.
std::optional<double> number_of(const std::string& text) {
  char* end = nullptr;
  double number = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') return {};
  if (!std::isfinite(number)) fail_usage("'{}' is no number that an arm can be held against", text);
  return number;
}

void print_json(const TestArguments& arguments, const Comparison& c, bool met,
                const std::vector<std::string>& notes) {
  Json json = {{"arm", arguments.arm},
               {"baseline", arguments.baseline},
               {"metric", arguments.metric},
               {"margin", arguments.margin},
               {"alpha", arguments.alpha},
               {"test", c.test},
               {"delta", number_or_null(c.delta)},
               {"low", number_or_null(c.low)},
               {"high", number_or_null(c.high)},
               {"df", number_or_null(c.df)},
               {"t", number_or_null(c.t)},
               {"p", number_or_null(c.p)},
               {"met", met},
               {"notes", notes}};
  tell("{}\n", text_of(json, 2));
}

void print_text(const TestArguments& arguments, const Comparison& c, const Hypothesis& hypothesis, bool met,
                const std::vector<std::string>& notes) {
  bool is_fact = c.test == kFact;
  tell("{} {} - {}: {}", arguments.metric, arguments.arm, arguments.baseline,
       is_fact ? signed_commas(c.delta) : fmt::format("{:+.6f}", c.delta));
  if (std::isfinite(c.p))
    tell(
        "   {:g}% CI [{:+.6f}, {:+.6f}]\n{} t = {:.3f}, df {:.1f}, one-sided p = {:.5f}: {} by more than "
        "{:g} at p < {:g}\n",
        100 * hypothesis.confidence, c.low, c.high, c.test, c.t, c.df, c.p,
        met ? "better" : "not shown to be better", arguments.margin, arguments.alpha);
  else if (is_fact)
    tell("\na fact, as {} is the same in every run: {} by more than {:.10g}\n", arguments.metric,
         met ? "better" : "not better", arguments.margin);
  else if (c.is_alike)
    tell("\nno test: all runs alike\n");
  else
    tell("\nno p: one run says nothing of the noise; add seeds\n");
  for (const std::string& note : notes) tell("{}\n", note);
}

void test_verb(TestArguments arguments) {
  if (arguments.margin_nats > 0) {
    arguments.metric = kLossNats.name;
    arguments.margin = arguments.margin_nats;
  }
  Hypothesis hypothesis = one_sided_hypothesis(arguments.direction == "min" ? Tail::less : Tail::greater,
                                               arguments.margin, arguments.alpha);
  FinishedArm arm = named_arm(arguments.arm, arguments.metric);
  std::optional<double> target = number_of(arguments.baseline);
  std::vector<std::string> notes;
  Comparison c;
  if (target) {
    c = compare_with_number(arm, *target, hypothesis);
  } else {
    FinishedArm baseline = named_arm(arguments.baseline, arguments.metric);
    c = compare_arms(arm, baseline, arguments.test, hypothesis);
    notes = notes_on_test(c, arm, baseline, hypothesis);
    if (c.test == "welch" && std::isfinite(c.p)) {
      Comparison textbook = compare_arms(arm, baseline, "satterthwaite", hypothesis);
      notes.push_back(
          fmt::format("df {:.2f} and p = {:.5f} with --test satterthwaite, as SciPy and R compute it",
                      textbook.df, textbook.p));
    }
  }
  if (c.is_alike && is_count(arguments.metric)) c.test = kFact;
  bool met = c.test == kFact ? lies_beyond(c.delta, hypothesis) : c.p < arguments.alpha;
  if (arguments.json)
    print_json(arguments, c, met, notes);
  else
    print_text(arguments, c, hypothesis, met, notes);
  if (arguments.assert_met && !met) throw Error("the claim is not met", kClaimNotMet);
}

}  // namespace

void add_test_command(CLI::App& app) {
  auto arguments = std::make_shared<TestArguments>();
  CLI::App* verb = app.add_subcommand("test", "is one arm better than another, or than a number");
  verb->add_option("arm", arguments->arm, "SWEEP:ARM, such as quickstart:+trigram")->required();
  verb->add_option("baseline", arguments->baseline, "SWEEP:ARM, or a number to be beaten")->required();
  verb->add_option("--metric", arguments->metric, "column of runs.csv that is compared")
      ->capture_default_str();
  verb->add_option("--direction", arguments->direction, "which way is better")
      ->check(CLI::IsMember({"min", "max"}))
      ->capture_default_str();
  verb->add_option("--margin", arguments->margin, "how much better at least")->check(zero_or_more());
  verb->add_option("--margin-nats", arguments->margin_nats,
                   "how much better at least, in nats per token of val_loss_nats")
      ->check(zero_or_more());
  verb->add_option("--alpha", arguments->alpha, "level of significance")
      ->check(within(1e-9, 0.5))
      ->capture_default_str();
  verb->add_option("--test", arguments->test,
                   "auto: paired by checkpoint where runs share one, else pooled within a sweep and welch "
                   "between two; "
                   "satterthwaite: Welch's test as SciPy and R compute it")
      ->check(CLI::IsMember({"auto", "pooled", "welch", "satterthwaite", "paired_checkpoint", "paired_seed"}))
      ->capture_default_str();
  verb->add_flag("--assert", arguments->assert_met, "exit with 3 when it is not shown to be better");
  verb->add_flag("--json", arguments->json, "print the comparison as JSON");
  verb->callback([arguments] { test_verb(*arguments); });
}

}  // namespace caddie
