// SPDX-License-Identifier: Apache-2.0
// Made-up cases of rates that go by the share of the training, and of weights under given gradients.
#include <cmath>

#include "parity/made_up_case.h"

using namespace caddie;
using namespace caddie::parity;

namespace {

Result run_json(const Folder& folder, Json json) {
  json["name"] = "made_up";
  json["config"] = json.value("config", Json::object());
  write_file(folder.path / "case.json", json.dump());
  return run_case(folder.path, registry(), upstream());
}

/// A descent over the last half, to a tenth, with a decay that tapers to half over the last quarter.
Json sequence(double clock, double reserve) {
  return {{"config",
           {{"iterations", 8},
            {"max_wallclock_seconds", clock},
            {"gptq_reserve_seconds", reserve},
            {"warmdown_frac", 0.5},
            {"min_lr", 0.1},
            {"wd_taper_start_frac", 0.75},
            {"wd_taper_final_mult", 0.5},
            {"num_loops", 0},
            {"enable_looping_at", 0.35}}},
          {"rows", Json::array()}};
}
Json row(int64_t step, double milliseconds, double lr, double wd) {
  return {{"step", step}, {"elapsed_ms", milliseconds}, {"lr_mul", lr}, {"wd_mul", wd}};
}

}  // namespace

TEST_CASE("a schedules case may go by the share of the training that is done", "[parity]") {
  Folder folder;
  Json steps = sequence(0, 0), clock = sequence(10, 2);  // a clock of eight seconds
  for (const auto& [eighths, lr, wd] :
       {std::tuple{0, 1.0, 1.0}, {4, 1.0, 1.0}, {6, 0.5, 1.0}, {7, 0.25, 0.75}, {8, 0.1, 0.5}}) {
    steps["rows"].push_back(row(eighths, 0, lr, wd));
    clock["rows"].push_back(row(1, eighths * 1000.0, lr, wd));
  }
  Json plan = {{"schedule", "0.5@0.4,1.0@0.8"}, {"default", 0.25}, {"values", {{0, 0.5}, {0.8, 1}}}},
       empty = {{"schedule", ""}, {"default", 0.25}, {"values", {{0, 0.25}, {1, 0.25}}}};
  Json json = {{"kind", "schedules"},
               {"tolerance", {{"abs", 1e-12}}},
               {"expected", {{"fraction_sequences", {steps, clock}}, {"scalar_schedules", {plan, empty}}}}};
  Result result = run_json(folder, json);
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");

  auto altered = [&](const char* list, int entry, const char* rows, int at, const Json& to) {
    Json copy = json;
    copy["expected"][list][size_t(entry)][rows][size_t(at)] = to;
    return run_json(folder, copy);
  };
  Result decay = altered("fraction_sequences", 1, "rows", 3, row(1, 7000, 0.25, 0.76));
  CHECK(name_of(decay.status) == "FAIL");
  CHECK_THAT(decay.reason, Catch::Contains("weight decay at step 1"));
  Result rate = altered("fraction_sequences", 0, "rows", 2, row(6, 0, 0.51, 1));
  CHECK_THAT(rate.reason, Catch::Contains("scale at step 6"));
  Result value = altered("scalar_schedules", 0, "values", 1, {0.8, 0.5});
  CHECK_THAT(value.reason, Catch::Contains("value at 0.8"));
}

TEST_CASE("a schedules case may hold plans of sequence lengths, and when loops begin", "[parity]") {
  Folder folder;
  auto plan = [](const char* text) {
    return Json{{"config",
                 {{"train_seq_schedule", text},
                  {"train_seq_len", 32},
                  {"mode", "step"},
                  {"iterations", 10},
                  {"max_wallclock_ms", nullptr}}}};
  };
  auto at = [](int step, int length) { return Json{{"step", step}, {"elapsed_ms", 0}, {"seq_len", length}}; };
  Json lengths = plan("16@0.6,8@0.3"), refused = plan("16"), too_long = plan("64@1");
  lengths["rows"] = {at(0, 8), at(3, 8), at(4, 16), at(10, 16)};  // 16 goes on behind its end
  refused["refused"] = too_long["refused"] = true;
  Json loops = sequence(0, 0);
  loops["config"]["num_loops"] = 2;
  for (int step : {2, 3}) {
    loops["rows"].push_back(row(step, 0, 1, 1));
    loops["rows"].back()["looping_from_here"] = step == 3;  // 3/8 is the first share above 0.35
  }
  Json json = {
      {"kind", "schedules"},
      {"tolerance", {{"abs", 1e-12}}},
      {"expected", {{"fraction_sequences", {loops}}, {"seq_len_schedules", {lengths, refused, too_long}}}}};
  Result result = run_json(folder, json);
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");

  Json wrong = json;
  wrong["expected"]["seq_len_schedules"][0]["rows"][1] = at(3, 16);
  CHECK_THAT(run_json(folder, wrong).reason, Catch::Contains("length at"));
  wrong = json;
  wrong["expected"]["seq_len_schedules"][0].erase("rows");
  wrong["expected"]["seq_len_schedules"][0]["refused"] = true;
  CHECK_THAT(run_json(folder, wrong).reason, Catch::Contains("refusal of"));
  wrong = json;
  wrong["expected"]["fraction_sequences"][0]["rows"][0]["looping_from_here"] = true;
  CHECK_THAT(run_json(folder, wrong).reason, Catch::Contains("looping at step 2"));
}

TEST_CASE("weights are moved by given gradients, with a rate and a momentum for each step", "[parity]") {
  // Of one number, orthogonalizing leaves the sign and p(p(p(1))) with p(x) = x (a + b x^2 + c x^4).
  auto p = [](double x) { return x * (3.4445 - 4.7750 * x * x + 2.0315 * x * x * x * x); };
  double size = p(p(p(1)));
  Folder folder;
  Json json = {{"kind", "optimizer_steps"},
               {"source", {{"script", "records/2026-03-24_x_NeoMuon/train.py"}}},
               {"config",
                {{"backend_steps", 3},
                 {"nesterov", true},
                 {"wd", 0.5},
                 {"lr_per_step", {0.5, 0.25}},
                 {"momentum_per_step", {0.5, 0.9}}}},
               {"expected", {{"params", "params_final.safetensors"}}},
               {"tolerance", {{"final_params_abs", 1e-5}}}};
  write_tensors(folder.path / "params_init.safetensors", {tensor("w", "F32", {1, 1}, std::vector<float>{1})});
  // The second gradient is opposed to the momentum: g + mu (mu m + g) = -0.4 + 0.9 (0.9 - 0.4) > 0.
  write_tensors(folder.path / "grads.safetensors",
                {tensor("w", "F32", {2, 1, 1}, std::vector<float>{1, -0.4f})});
  double first = 0.75 - 0.5 * size, second = first * 0.875 - 0.25 * size;
  auto run = [&](double wanted) {
    write_tensors(folder.path / "params_final.safetensors",
                  {tensor("w", "F64", {1, 1}, std::vector<double>{wanted})});
    return run_json(folder, json);
  };
  Result result = run(second);
  INFO(result.reason);
  CHECK(name_of(result.status) == "PASS");
  CHECK(name_of(run(second + 1e-3).status) == "FAIL");
  json["config"]["momentum_per_step"] = {0.5, 0.1};  // now it goes the other way
  CHECK(name_of(run(second).status) == "FAIL");
}
