// SPDX-License-Identifier: Apache-2.0
// What a run asks of its plugins, without a run.
#include "run/effects.h"
#include "base/json.h"

#include <catch2/catch.hpp>

#include "support/plugins.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

/// Scores the first window and stops there.
struct FirstWindow final : Evaluator {
  Score evaluate(Scorer& scorer) override {
    return scorer.score(std::vector<Window>{{0, scorer.sequence_length(), 0}});
  }
};

}  // namespace

TEST_CASE("an evaluator that moves by whole windows evaluates plainly", "[effects]") {
  FirstWindow first;
  CHECK_FALSE(evaluates_plainly(first, 8));
  CHECK(evaluates_plainly(*make_plugin<Evaluator>("standard"), 8));
  CHECK(evaluates_plainly(*make_plugin<Evaluator>("sliding_window", {{"stride", 8.0}}), 8));
  CHECK_FALSE(evaluates_plainly(*make_plugin<Evaluator>("sliding_window", {{"stride", 2.0}}), 8));
  CHECK_FALSE(evaluates_plainly(*make_plugin<Evaluator>("standard", {{"isolate_documents", true}}), 8));
  CHECK(evaluates_plainly(*make_plugin<Evaluator>("standard"), 1));
}

TEST_CASE("what every slot does where nobody chose a technique is not asked, the rest is", "[effects]") {
  Experiment experiment = small_experiment({"train.averager.use='ema'"});
  Evidence evidence;
  std::map<std::string, Verdict> verdicts;
  for (const EffectFinding& finding : judge_effects(experiment, evidence))
    verdicts[finding.technique] = finding.verdict;
  const std::map<std::string, Verdict> wanted = {{"model.activation", Verdict::kVoid},  // never visited
                                                 {"optimizers.others", Verdict::kActed},
                                                 {"train.averager", Verdict::kActed},
                                                 {"export.quantizers.others", Verdict::kActed},
                                                 {"export.compressor", Verdict::kActed}};
  CHECK(verdicts == wanted);

  const std::string quantizers = "export.quantizers.others";
  evidence.noted = {{quantizers, Verdict::kPartial, "first"},
                    {quantizers, Verdict::kVoid, "second"},
                    {quantizers, Verdict::kPartial, "first"},
                    {quantizers, Verdict::kPartial, "third"}};
  RunSummary summary;
  add_findings(summary, judge_effects(experiment, evidence));
  CHECK(summary.effect_check == "no_effect");
  std::map<std::string, std::string> effects(summary.effects->begin(), summary.effects->end());
  CHECK(effects.at(quantizers) == "no_effect: second; first; third");
  const EffectFinding twice[] = {{"a", Verdict::kPartial, "first"}, {"a", Verdict::kVoid, "second"}};
  add_findings(summary, twice);
  CHECK(*summary.effects == Labelled<std::string>{{"a", "no_effect: second; first"}});

  evidence.noted = {{"train.averager", Verdict::kVoid, "its average equals the raw weights"}};
  for (const EffectFinding& finding : judge_effects(experiment, evidence))
    if (finding.technique == "train.averager") CHECK(finding.verdict == Verdict::kVoid);
  Experiment allowed = small_experiment({"train.averager={use='ema',allow_no_effect=true}"});
  for (const EffectFinding& finding : judge_effects(allowed, evidence))
    if (finding.technique == "train.averager") CHECK(finding.verdict == Verdict::kAllowed);
}
