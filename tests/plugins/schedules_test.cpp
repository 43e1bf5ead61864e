// SPDX-License-Identifier: Apache-2.0
// Learning-rate schedules: values by hand, and the step at which published runs took their first snapshots.
#include <catch2/catch.hpp>
#include <cmath>

#include "support/plugins.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

double at_step(const Schedule& schedule, int64_t step, int64_t steps) {
  Progress progress;
  progress.step = step;
  progress.steps = steps;
  return schedule.scale(progress);
}
double at_second(const Schedule& schedule, double seconds, double budget, int64_t step) {
  Progress progress;
  progress.step = step;
  progress.steps = 20000;
  progress.seconds = seconds;
  progress.budget_seconds = budget;
  return schedule.scale(progress);
}

}  // namespace

TEST_CASE("warmdown by steps", "[schedules]") {
  auto s = make_plugin<Schedule>("warmdown", {{"warmdown_steps", 8.0}});
  CHECK(at_step(*s, 0, 20) == 1);
  CHECK(at_step(*s, 12, 20) == 1);
  CHECK(at_step(*s, 13, 20) == 0.875);
  CHECK(at_step(*s, 19, 20) == 0.125);
  CHECK(at_step(*s, 20, 20) == 1);
  auto longer = make_plugin<Schedule>("warmdown", {{"warmdown_steps", 30.0}});
  CHECK(at_step(*longer, 0, 10) == Approx(1.0 / 3).epsilon(1e-12));
  auto none = make_plugin<Schedule>("warmdown", {{"warmdown_steps", 0.0}});
  CHECK(at_step(*none, 19, 20) == 1);
  CHECK(at_second(*none, 599, 600, 100) == 1);
}

TEST_CASE("warmdown by the clock adapts to the mean step time", "[schedules]") {
  auto s = make_plugin<Schedule>("warmdown");  // 1200 steps
  CHECK(at_second(*s, 0, 600, 0) == 1);
  CHECK(at_second(*s, 544, 600, 12500) == 1);
  CHECK(at_second(*s, 566, 600, 13000) == Approx(0.6507656065959952).epsilon(1e-12));
  CHECK(at_second(*s, 599.9, 600, 13700) == Approx(0.0019030949602711564).epsilon(1e-9));
  CHECK(at_second(*s, 600.5, 600, 13800) == 0);
}

TEST_CASE("warmdown as a share of the budget, with a lower end", "[schedules]") {
  auto s = make_plugin<Schedule>("warmdown", {{"fraction", 0.75}, {"min_scale", 0.1}});
  CHECK(at_step(*s, 24, 100) == 1);
  CHECK(at_step(*s, 25, 100) == 1);
  CHECK(at_step(*s, 70, 100) == Approx(0.4).epsilon(1e-12));
  CHECK(at_step(*s, 99, 100) == 0.1);
  CHECK(at_second(*s, 420, 600, 7) == Approx(0.4).epsilon(1e-12));
}

TEST_CASE("a linear rise multiplies the descent", "[schedules]") {
  auto s = make_plugin<Schedule>("warmdown", {{"warmdown_steps", 8.0}, {"lr_warmup_steps", 50.0}});
  CHECK(at_step(*s, 0, 20) == 0);
  CHECK(at_step(*s, 10, 100) == Approx(0.2).epsilon(1e-12));
  CHECK(at_step(*s, 16, 20) == Approx(0.5 * 16 / 50).epsilon(1e-12));
  CHECK(at_step(*s, 50, 100) == 1);
  CHECK(at_step(*make_plugin<Schedule>("constant"), 99, 100) == 1);
}

TEST_CASE("a descent or a rise over more steps than the training has is remarked on", "[schedules]") {
  ModelShape model;
  auto remark = [&](const char* plugin, const Values& settings, int64_t steps, bool timed = false) {
    return make_plugin<Schedule>(plugin, settings)->remark({model, {}, 0, -1, steps, timed});
  };
  Values down = {{"warmdown_steps", 200.0}}, up = {{"warmdown_steps", 0.0}, {"lr_warmup_steps", 20.0}};
  CHECK(remark("warmdown", down, 12) ==
        "warmdown_steps = 200 and the training has 12 steps, so the learning rates begin at 6 % of their "
        "settings");
  CHECK_THAT(remark("warmdown", {{"warmdown_steps", 200.0}, {"min_scale", 0.5}}, 12),
             Catch::EndsWith("begin at 50 % of their settings"));
  CHECK(remark("warmdown", down, 200).empty());
  CHECK(remark("warmdown", {{"fraction", 0.5}}, 12).empty());  // The default of 1200 steps does not count.
  CHECK(remark("warmdown", down, 12, true).empty());           // How many steps there will be, nobody knows.
  CHECK(remark("warmdown", down, 0).empty());
  for (bool timed : {false, true})
    CHECK(remark("warmdown", up, 20, timed) ==
          "lr_warmup_steps = 20 and the training has 20 steps, so the learning rates never rise to their "
          "settings");
  CHECK(remark("warmdown", up, 21).empty());
  CHECK_THAT(remark("warmdown", {{"warmdown_steps", 200.0}, {"lr_warmup_steps", 20.0}}, 12),
             Catch::Contains("begin at 6 %") && Catch::Contains("; lr_warmup_steps = 20"));
  CHECK_THAT(remark("cosine", {{"lr_warmup_steps", 20.0}}, 12), Catch::StartsWith("lr_warmup_steps = 20"));
  CHECK(remark("cosine", {}, 12).empty());
}

TEST_CASE("half a wave of the cosine, over the whole budget or its end", "[schedules]") {
  auto whole = make_plugin<Schedule>("cosine", {{"min_scale", 0.1}});
  CHECK(at_step(*whole, 0, 100) == 1);
  CHECK(at_step(*whole, 25, 100) == Approx(0.1 + 0.9 * (2 + std::sqrt(2.0)) / 4).epsilon(1e-12));
  CHECK(at_step(*whole, 50, 100) == Approx(0.55).epsilon(1e-12));
  CHECK(at_step(*whole, 100, 100) == Approx(0.1).epsilon(1e-12));
  CHECK(at_second(*whole, 300, 600, 7) == Approx(0.55).epsilon(1e-12));
  CHECK(at_second(*whole, 601, 600, 7) == Approx(0.1).epsilon(1e-12));

  auto late = make_plugin<Schedule>("cosine", {{"fraction", 0.5}, {"lr_warmup_steps", 20.0}});
  CHECK(at_step(*late, 5, 100) == 0.25);
  CHECK(at_step(*late, 50, 100) == 1);
  CHECK(at_step(*late, 75, 100) == Approx(0.5).epsilon(1e-12));
  CHECK(at_step(*late, 100, 100) == Approx(0).margin(1e-12));
  CHECK(at_step(*make_plugin<Schedule>("cosine", {{"fraction", 0.0}}), 99, 100) == 1);
}

TEST_CASE("one constant after another, by shares of the budget", "[schedules]") {
  using List = std::vector<double>;
  auto s = make_plugin<Schedule>("piecewise", {{"from", List{0.4, 0.8}}, {"scales", List{0.5, 0.25}}});
  CHECK(at_step(*s, 0, 10) == 0.5);
  CHECK(at_step(*s, 7, 10) == 0.5);
  CHECK(at_step(*s, 8, 10) == 0.25);
  CHECK(at_second(*s, 599, 600, 1) == 0.25);

  auto refused = [](const List& from, const List& scales) {
    ModelShape model;
    auto made = make_plugin<Schedule>("piecewise", {{"from", from}, {"scales", scales}});
    made->validate({model, {}});
  };
  CHECK_NOTHROW(refused({0, 0.5}, {1, 0.1}));
  CHECK_THROWS_WITH(refused({0, 0.5}, {1}), Catch::Contains("from has 2 numbers and scales 1"));
  CHECK_THROWS_WITH(refused({}, {}), Catch::Contains("at least one"));
  CHECK_THROWS_WITH(refused({0.5, 0.5}, {1, 0.1}), Catch::Contains("must rise"));
}

// Runs of 10629, 7188, 4973, 7372 and 6709 steps; snapshots when scale < start and the step count is a
// multiple of `every`.
TEST_CASE("first snapshot and their number in five published runs", "[schedules]") {
  struct Run {
    int64_t steps, warmdown, every;
    double start;
    int64_t first, count;
  };
  for (const Run& run : {Run{10629, 3000, 100, 0.5, 9200, 15}, Run{7188, 3500, 50, 0.2, 6500, 14},
                         Run{4973, 3500, 50, 0.2, 4300, 14}, Run{7372, 3000, 30, 0.5, 5880, 50},
                         Run{6709, 3000, 50, 0.4, 5550, 24}}) {
    auto s = make_plugin<Schedule>("warmdown", {{"warmdown_steps", double(run.warmdown)}});
    int64_t first = 0, count = 0;
    for (int64_t done = 1; done <= run.steps; ++done)
      if (at_step(*s, done - 1, run.steps) < run.start && done % run.every == 0) {
        if (count++ == 0) first = done;
      }
    CHECK(first == run.first);
    CHECK(count == run.count);
  }
}
