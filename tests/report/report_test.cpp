// SPDX-License-Identifier: Apache-2.0
// Statistics against published values, and the tables of a made-up sweep.
#include <caddie/error.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <set>
#include <span>

#include "base/files.h"
#include "base/text.h"
#include "report/ablation.h"
#include "report/curves.h"
#include "report/effects.h"
#include "report/files.h"
#include "report/notes.h"
#include "report/page.h"
#include "report/svg.h"
#include "report/table.h"
#include "statistics/compare.h"
#include "statistics/joint.h"
#include "statistics/power.h"
#include "statistics/welch_family.h"

using namespace caddie;
namespace fs = std::filesystem;

namespace {

using Values = std::vector<double>;

/// A sweep's folder with two arms and finished runs; `bpb` by arm, then seed.
struct MadeUpSweep {
  fs::path path;
  Plan plan;
  explicit MadeUpSweep(const std::vector<Values>& bpb) {
    std::string pattern = (fs::temp_directory_path() / "caddie-report-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    plan.name = "made_up";
    plan.design = "grid";
    for (size_t arm = 0; arm < bpb.size(); ++arm) {
      std::string label = arm == 0 ? "baseline" : arm == 1 ? "+a, \"b\"" : arm == 2 ? "+c" : "+d c";
      plan.arms.push_back({label,
                           arm == 0 ? "baseline" : "grid",
                           {},
                           {},
                           {{"a", arm == 1}},
                           {},
                           "",
                           "g" + std::to_string(arm)});
      plan.arms.back().params["model.dim"] = std::to_string(64 * (arm + 1));
      for (size_t seed = 0; seed < bpb[arm].size(); ++seed) {
        std::string folder = "runs/" + std::to_string(arm) + "-" + std::to_string(seed);
        plan.runs.push_back({arm, int64_t(seed), folder});
        if (std::isfinite(bpb[arm][seed])) finish(folder, arm, seed, bpb[arm][seed]);
      }
    }
  }
  ~MadeUpSweep() { fs::remove_all(path); }
  void finish(const std::string& folder, size_t arm, size_t seed, double bpb) {
    Json summary = {{"status", "done"},         {"val_bpb", bpb},
                    {"val_loss_nats", 2 * bpb}, {"artifact_bytes", 1000 + arm},
                    {"step_avg_ms", 10 + arm},  {"tok_s", 100.0},
                    {"under_cap", true},        {"steps", 7}};
    Json record = {{"key", "0123456789abcdef"},
                   {"group", plan.arms[arm].group},
                   {"seed", seed},
                   {"git", {{"commit", "c0ffee"}, {"dirty", false}}},
                   {"machine", {{"host", "box"}}}};
    write_file(path / folder / "summary.json", summary.dump());
    write_file(path / folder / "run.json", record.dump());
  }
};

/// Rows of CSV text, quotes taken off.
std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row = {""};
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (quoted) {
      if (c != '"')
        row.back() += c;
      else if (i + 1 < text.size() && text[i + 1] == '"')
        row.back() += text[++i];
      else
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      row.emplace_back();
    } else if (c == '\n') {
      rows.push_back(std::move(row));
      row = {""};
    } else if (c != '\r') {
      row.back() += c;
    }
  }
  if (row.size() > 1 || !row[0].empty()) rows.push_back(std::move(row));
  return rows;
}

std::string column(const TextTable& table, size_t row, const std::string& name) {
  for (size_t i = 0; i < table.head.size(); ++i)
    if (table.head[i] == name) return table.rows.at(row)[i];
  return "no column " + name;
}

}  // namespace

TEST_CASE("mean, sd and sem by hand", "[report]") {
  Sample sample = summarize(Values{2, 4, 4, 4, 5, 5, 7, 9});
  CHECK(sample.n == 8);
  CHECK(sample.mean == 5);
  CHECK(sample.sd == Approx(std::sqrt(32.0 / 7)));
  CHECK(sample.sem() == Approx(std::sqrt(32.0 / 7 / 8)));
  CHECK(summarize(Values{}).n == 0);
  CHECK(std::isnan(summarize(Values{}).mean));
  CHECK(std::isnan(summarize(Values{3}).sd));
}

TEST_CASE("pooling weighs by degrees of freedom and passes over single runs", "[report]") {
  std::vector<Sample> arms = {{3, 0, 2}, {5, 1, 4}, {1, 9, kUnknown}};
  PooledVariance pooled = pool(arms);
  CHECK(pooled.df == 6);
  CHECK(pooled.variance == Approx((2 * 4 + 4 * 16) / 6.0));
  CHECK(std::isnan(pool(std::vector<Sample>{{1, 2, kUnknown}}).variance));
}

TEST_CASE("Student's sleep data: t-tests as R prints them", "[report]") {
  // help(sleep) in R: extra hours of sleep under two drugs, ten patients.
  Values one = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  Values two = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  Sample a = summarize(one), b = summarize(two);
  Comparison welch = welch_test(a, b, {});
  CHECK(welch.t == Approx(-1.8608).epsilon(1e-4));
  // R's degrees of freedom are Satterthwaite's, 17.776: (a + b)^2 / (a^2 / 9 + b^2 / 9). With 11 and -2:
  CHECK(welch.df == Approx(17.776 * 11 / 9 - 2).epsilon(1e-4));
  CHECK(welch.p == Approx(p_of_t(-1.8608, 19.726, Tail::both)).epsilon(1e-3));
  CHECK(welch.high + welch.low == Approx(2 * welch.delta));
  Comparison pooled = pooled_test(a, b, pool(std::vector<Sample>{a, b}), {});
  CHECK(pooled.df == 18);
  CHECK(pooled.p == Approx(0.07919).epsilon(1e-3));
  Comparison paired = paired_test(one, two, {});
  CHECK(paired.t == Approx(-4.0621).epsilon(1e-4));
  CHECK(paired.p == Approx(0.002833).epsilon(1e-3));
  CHECK(one_sample_test(b, 0, {Tail::greater}).p == Approx(paired_test(two, Values(10, 0.0), {}).p / 2));
}

TEST_CASE("a margin moves a one-sided test, not the interval", "[report]") {
  Sample arm{3, 1.0, 0.1}, baseline{3, 2.0, 0.1};
  PooledVariance pooled = pool(std::vector<Sample>{arm, baseline});
  Comparison plain = pooled_test(arm, baseline, pooled, {Tail::less});
  Comparison half = pooled_test(arm, baseline, pooled, {Tail::less, 0.5});
  CHECK(half.t == Approx(plain.t / 2));
  CHECK(half.low == plain.low);
  CHECK(pooled_test(arm, baseline, pooled, {Tail::less, 1.0}).p == Approx(0.5));
  CHECK(pooled_test(arm, baseline, pooled, {Tail::greater}).p == Approx(1 - plain.p));
}

TEST_CASE("no noise known, no p", "[report]") {
  Comparison c = pooled_test({1, 2.0, kUnknown}, {1, 1.0, kUnknown}, {}, {});
  CHECK(c.delta == 1);
  CHECK(std::isnan(c.p));
  CHECK(std::isnan(c.low));
  CHECK(std::isnan(welch_test({1, 2.0, kUnknown}, {3, 1.0, 0.1}, {}).p));
  CHECK(std::isnan(pooled_test({0}, {3, 1.0, 0.1}, {0.01, 2}, {}).p));
}

TEST_CASE("Holm's adjustment", "[report]") {
  // As p.adjust(c(.01, .02, .03, .04), "holm") in R.
  CHECK(holm(Values{0.01, 0.02, 0.03, 0.04}) == Values{0.04, 0.06, 0.06, 0.06});
  std::vector<double> adjusted = holm(Values{0.6, kUnknown, 0.01});
  CHECK(adjusted[0] == Approx(0.6));
  CHECK(std::isnan(adjusted[1]));
  CHECK(adjusted[2] == Approx(0.02));
  CHECK(holm(Values{}).empty());
}

TEST_CASE("going down in steps by a joint distribution", "[report]") {
  // Independent arms: Sidak's 1 - (1 - p)^k with k arms left, never below the one before.
  Values p = {0.01, kUnknown, 0.02, 0.5};
  std::vector<double> down = adjusted(p, true, independent(p)), at_once = adjusted(p, false, independent(p));
  CHECK(down[0] == Approx(1 - std::pow(0.99, 3)));
  CHECK(down[2] == Approx(1 - std::pow(0.98, 2)));
  CHECK(down[3] == Approx(0.5));
  CHECK(std::isnan(down[1]));
  CHECK(at_once[2] == Approx(1 - std::pow(0.98, 3)));
}

TEST_CASE("rotations find Student's t for one arm, and less than Bonferroni for arms that move together",
          "[report]") {
  std::vector<Values> differences = {{0.3, 0.9, 0.5, 1.1}, {0.31, 0.88, 0.52, 1.12}};
  Sample sample = summarize(differences[0]);
  double p = p_of_t(sample.mean / sample.sem(), 3, Tail::both);
  Rotations rotations(differences, Tail::both, 50000);
  CHECK(rotations.p(0, {0}) == Approx(p).margin(0.002));
  CHECK(rotations.p(0, {0, 1}) < 1.2 * p);
  CHECK(Rotations(std::span(differences).first(1), Tail::both, 50000).critical(0.05) ==
        Approx(critical_t(3, 0.05, Tail::both)).margin(0.1));
  CHECK(Rotations(differences, Tail::less).p(0, {0, 1}) > 0.9);
}

TEST_CASE("Dunnett's tables", "[report]") {
  // Critical values at 5% and 1%, equal sizes: Dunnett 1955 (one-sided) and 1964 (two-sided).
  auto critical = [](int arms, double df, double alpha, Tail tail) {
    return Dunnett(std::vector<int64_t>(size_t(arms), 5), 5, df).critical(alpha, tail);
  };
  CHECK(critical(2, 10, 0.05, Tail::both) == Approx(2.57).margin(0.006));
  CHECK(critical(3, 20, 0.05, Tail::both) == Approx(2.54).margin(0.006));
  CHECK(critical(9, 20, 0.05, Tail::both) == Approx(2.95).margin(0.006));
  CHECK(critical(3, 20, 0.01, Tail::both) == Approx(3.29).margin(0.006));
  CHECK(critical(2, 10, 0.05, Tail::less) == Approx(2.15).margin(0.006));
  CHECK(critical(3, 20, 0.05, Tail::less) == Approx(2.19).margin(0.006));
  CHECK(critical(3, 5, 0.05, Tail::less) == Approx(2.68).margin(0.006));
}

TEST_CASE("Dunnett with one arm is Student's t", "[report]") {
  Dunnett one(std::vector<int64_t>{3}, 4, 5);
  for (double t : {-2.5, 0.3, 1.0, 4.0}) {
    CHECK(one.p(t, Tail::both) == Approx(p_of_t(t, 5, Tail::both)).margin(1e-8));
    CHECK(one.p(t, Tail::less) == Approx(p_of_t(t, 5, Tail::less)).margin(1e-8));
    CHECK(one.p(t, Tail::greater) == Approx(p_of_t(t, 5, Tail::greater)).margin(1e-8));
  }
  CHECK(Dunnett(std::vector<int64_t>{2, 2, 2}, 2, 1).p(3, Tail::both) > p_of_t(3, 1, Tail::both));
}

TEST_CASE("Welch's test of arms that share a baseline", "[report]") {
  WelchNulls single(std::vector<int64_t>{4}, 4);
  WelchFamily one(single, 0.05, Tail::both);
  CHECK(one.p(2.5, 6, 1, {0}) == Approx(p_of_t(2.5, 6, Tail::both)).margin(0.006));
  std::vector<int64_t> seeds = {30, 30, 30, 30};
  WelchNulls nulls(seeds, 30);
  WelchFamily family(nulls, 0.05, Tail::less);
  // With many seeds and equal variances it is Dunnett's distribution.
  CHECK(family.p(-2, 58, 1, {0, 1, 2, 3}) == Approx(Dunnett(seeds, 30, 58).p(-2, Tail::less)).margin(0.005));
  CHECK(family.critical(58, 1) == Approx(Dunnett(seeds, 30, 58).critical(0.05, Tail::less)).margin(0.05));
  // What p and the limit say is the same; the noisier the baseline, the more the arms have in common.
  for (double ratio : {0.3, 1.0, 3.0})
    CHECK(family.p(-family.critical(58, ratio), 58, ratio, {0, 1, 2, 3}) == Approx(0.05).margin(1e-4));
  CHECK(family.critical(58, 0.2) < family.critical(58, 5) - 0.1);
  CHECK(family.critical(58, 5) < critical_t(58, 0.0125, Tail::less) + 0.05);
  CHECK(family.p(-2, 58, 1, {0, 1}) < family.p(-2, 58, 1, {0, 1, 2, 3}));
}

TEST_CASE("power and seeds as R's power.t.test", "[report]") {
  // power.t.test(n = 20, delta = 1, sd = 1): 0.8689528; one.sided at n = 10: 0.6909...
  Design design{20, 20, 38, 1, 0.05, Tail::both};
  CHECK(power_of(design, 1) == Approx(0.8689528).epsilon(1e-5));
  CHECK(power_of(design, 0) == Approx(0.05));
  CHECK(detectable(design, 0.8689528) == Approx(1).epsilon(1e-5));
  // power.t.test(power = .90, delta = 1, sd = 1): n = 22.02110, so 23.
  CHECK(seeds_needed(design, 1, 0.9, 2) == 23);
  CHECK(seeds_needed(design, 1e-6, 0.9, 2) == 0);
  CHECK(significant_delta(design) == Approx(2.0243942 * std::sqrt(0.1)).epsilon(1e-6));
  CHECK(std::isnan(power_of({3, 3, 0, 1, 0.05, Tail::both}, 1)));
}

TEST_CASE("cells of CSV go out and come back", "[report]") {
  CHECK(csv_cell("plain") == "plain");
  CHECK(csv_cell("a,b") == "\"a,b\"");
  CHECK(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
  TextTable table{{"a", "b"}, {{"1,2", "x\ny"}, {"", "\""}}};
  CHECK(table.csv() == "a,b\n\"1,2\",\"x\ny\"\n,\"\"\"\"\n");
  std::vector<std::vector<std::string>> rows = parse_csv(table.csv());
  REQUIRE(rows.size() == 3);
  CHECK(rows[1] == table.rows[0]);
  CHECK(rows[2] == table.rows[1]);
  CHECK(parse_csv("").empty());
}

TEST_CASE("tables for people", "[report]") {
  TextTable table{{"arm", "n"}, {{"+a_b", "3"}, {"±", "10"}}, "lr"};
  CHECK(table.terminal() == "arm    n\n+a_b   3\n±     10\n");
  CHECK(table.markdown() == "| arm | n |\n|---|---:|\n| +a\\_b | 3 |\n| ± | 10 |\n");
  CHECK_THAT(table.latex(), Catch::Contains("\\begin{tabular}{lr}") && Catch::Contains("+a\\_b & 3 \\\\"));
}

TEST_CASE("runs.csv has the promised columns", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, kUnknown}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  TextTable runs = runs_table(ablation);
  std::string head = runs.csv().substr(0, runs.csv().find('\n'));
  CHECK(head ==
        "run_id,sweep,arm,baseline,config_key,seed,status,fail_reason,effect_check,tech.a,param.model.dim,"
        "val_bpb,val_loss_nats,val_bpb_raw,val_bpb_avg,val_bpb_quant,val_bpb_sliding,val_bpb_ttt,train_loss,"
        "steps,tokens,step_avg_ms,tok_s,tok_s_rel,train_time_s,eval_time_s,artifact_bytes,bytes_model,bytes_"
        "code,"
        "under_cap,peak_mem_bytes,params,git_sha,git_dirty,plugins_key,data_key,host,gpu,started_at,caddie_"
        "version,training,plugins,data_train,data_validation,data_tokenizer,engine,cpu,isa,threads,command,"
        "ranks");
  REQUIRE(runs.rows.size() == 4);
  CHECK(column(runs, 0, "val_bpb") == "1.50000000");
  CHECK(column(runs, 0, "run_id") == "01234567");
  CHECK(column(runs, 0, "under_cap") == "1");
  CHECK(column(runs, 0, "git_dirty") == "0");
  CHECK(column(runs, 2, "tech.a") == "1");
  CHECK(column(runs, 2, "param.model.dim") == "128");
  CHECK(column(runs, 3, "status") == "planned");
  CHECK(column(runs, 3, "val_bpb") == "");
  CHECK(column(runs, 0, "gpu") == "");
  CHECK(parse_csv(runs.csv())[3][2] == "+a, \"b\"");
}

TEST_CASE("ablation.csv has the promised columns", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  TextTable table = ablation_table(analyze(sweep.plan, sweep.path));
  CHECK(table.csv().substr(0, table.csv().find('\n')) ==
        "sweep,arm,kind,baseline,n,seeds,val_bpb_mean,val_bpb_std,val_bpb_sem,delta,delta_ci_lo,delta_ci_hi,"
        "delta_nats,margin_nats,test,df,t,p,p_adj,significant,paired,delta_at_time,delta_bytes,delta_step_ms,"
        "effect_check,race,race_seeds,planned,failed,artifact_bytes,step_ms,metric,metric_mean,tested_delta,"
        "tested_lo,tested_hi");
  CHECK(column(table, 0, "delta") == "");
  CHECK(column(table, 1, "n") == "2");
  CHECK(column(table, 1, "seeds") == "0 1");
  CHECK(column(table, 1, "val_bpb_mean") == "1.12500000");
  CHECK(column(table, 1, "delta") == "-0.25000000");
  CHECK(column(table, 1, "delta_nats") == "-0.50000000");
  CHECK(column(table, 1, "delta_bytes") == "1");
  CHECK(column(table, 1, "df") == "2.00");
  // Both arms have variance 1/32, so t = -0.25 / sqrt(1/32) = -sqrt(2), and with df 2 p = 1 - sqrt(2/4).
  CHECK(column(table, 1, "t") == "-1.4142");
  CHECK(std::stod(column(table, 1, "p")) == Approx(1 - std::sqrt(0.5)).margin(1e-6));
  CHECK(column(table, 1, "p_adj") == column(table, 1, "p"));
  CHECK(column(table, 1, "significant") == "0");
  CHECK(column(table, 1, "planned") == "2");
  CHECK(column(table, 1, "failed") == "0");
  CHECK(column(table, 1, "artifact_bytes") == "1001");
  CHECK(column(table, 1, "step_ms") == "11.000");
  CHECK(column(table, 1, "metric_mean") == "1.12500000");
  CHECK(column(table, 1, "tested_delta") == "-0.25000000");
}

TEST_CASE("JSON tells of an arm what CSV does", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  Json json = Json::parse(render(ablation, "json"));
  const std::set<std::string> kElsewhere = {"sweep", "baseline", "margin_nats", "metric"};  // of all arms
  for (const std::string& name : ablation_table(ablation).head) {
    INFO(name);
    if (name.starts_with("race")) continue;  // where there is one
    CHECK((kElsewhere.contains(name) ? json : json.at("arms")[1]).contains(name));
  }
}

TEST_CASE("a claim about another metric shows that metric beside its p", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  CHECK_THAT(render(analyze(sweep.plan, sweep.path), "term"), !Catch::Contains("delta val_bpb"));
  sweep.plan.claim.emplace();
  sweep.plan.claim->metric = "artifact_bytes";
  TextTable shown = readable_table(analyze(sweep.plan, sweep.path));
  CHECK(column(shown, 1, "artifact_bytes") == "1001.00000");
  CHECK(column(shown, 1, "delta artifact_bytes") == "+1.00000");
  TextTable data = ablation_table(analyze(sweep.plan, sweep.path));
  CHECK(column(data, 1, "metric") == "artifact_bytes");
  CHECK(column(data, 1, "delta") == "-0.25000000");
  CHECK(column(data, 1, "tested_delta") == "1.00000000");
}

TEST_CASE("tables of a sweep at work are written now and then", "[report]") {
  MadeUpSweep sweep({{1.5, kUnknown}, {1.0, 1.25}});
  LiveTables tables(sweep.plan, sweep.path);
  auto text = [&] { return read_file(sweep.path / "ablation.md"); };
  tables.changed();
  CHECK_THAT(text(), Catch::Contains("3 of 4 runs done"));
  sweep.finish("runs/0-1", 0, 1, 1.25);
  tables.changed();
  CHECK_THAT(text(), Catch::Contains("3 of 4 runs done"));
  tables.write();
  CHECK_THAT(text(), Catch::Contains("4 of 4 runs done"));
}

TEST_CASE("runs are rendered in every format", "[report]") {
  MadeUpSweep sweep({{1.5}, {kUnknown}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  Json runs = Json::parse(render_runs(ablation, "json"));
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].at("summary").at("val_bpb") == 1.5);
  CHECK(runs[1].at("status") == "planned");
  CHECK(render_runs(ablation, "csv") == runs_table(ablation).csv());
  CHECK_THAT(render_runs(ablation, "md"), Catch::StartsWith("| run\\_id |"));
  CHECK_THROWS_WITH(render_runs(ablation, "xml"), Catch::Contains("no such format"));
}

TEST_CASE("a thousand arms are analyzed in a moment", "[.speed]") {
  MadeUpSweep sweep(std::vector<Values>(1000, Values(3, 1.5)));
  Stopwatch clock;
  analyze(sweep.plan, sweep.path);
  CHECK(clock.seconds() < 1.5);
}

TEST_CASE("a technique without effect is told", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  fs::path file = sweep.path / "runs/1-1/summary.json";
  Json summary = Json::parse(read_file(file));
  summary["effect_check"] = "no_effect";
  summary["effects"] = {{"a", "no_effect: it changes nothing"}};
  write_file(file, summary.dump());
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(column(ablation_table(ablation), 1, "effect_check") == "no_effect");
  CHECK(column(ablation_table(ablation), 0, "effect_check") == "");
  CHECK(column(runs_table(ablation), 3, "effect_check") == "no_effect");
  CHECK_THAT(render(ablation, "term"), Catch::Contains("a: no_effect: it changes nothing"));
}

TEST_CASE("another arm may be the baseline", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  Ablation ablation = analyze(sweep.plan, sweep.path, "+a, \"b\"");
  CHECK(ablation.arms[0].shown.delta == Approx(0.25));
  CHECK_THROWS_WITH(analyze(sweep.plan, sweep.path, "+a"), Catch::Contains("no arm is called '+a'"));
}

TEST_CASE("one seed an arm gives differences without p", "[report]") {
  MadeUpSweep sweep({{1.5}, {1.25}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].shown.delta == Approx(-0.25));
  CHECK(std::isnan(ablation.arms[1].p_adjusted));
  CHECK_THAT(render(ablation, "term"), Catch::Contains("nothing is known of the noise"));
}

TEST_CASE("a sweep without results still has its tables", "[report]") {
  MadeUpSweep sweep({{kUnknown}, {kUnknown}});
  write_tables(sweep.plan, sweep.path);
  CHECK(parse_csv(read_file(sweep.path / "ablation.csv")).size() == 3);
  CHECK_THAT(read_file(sweep.path / "ablation.md"), Catch::Contains("0 of 2 runs done"));
  CHECK(Json::parse(render(analyze(sweep.plan, sweep.path), "json")).at("arms").size() == 2);
  CHECK_THROWS_WITH(render(analyze(sweep.plan, sweep.path), "xml"), Catch::Contains("no such format"));
}

TEST_CASE("a claim by Welch's test is corrected by the arms' joint distribution", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.499, 1.502},
                     {1.498, 1.499, 1.497, 1.4985},
                     {1.499, 1.500, 1.498, 1.501},
                     {1.497, 1.499, 1.498, 1.499}});
  sweep.plan.claim.emplace();
  sweep.plan.claim->test = "welch";
  sweep.plan.claim->alpha = 0.05;
  Ablation ablation = analyze(sweep.plan, sweep.path);
  double least = 1;
  for (const ArmRow& arm : ablation.arms) {
    if (arm.is_baseline) continue;
    CHECK(arm.p_adjusted >= arm.tested.p);
    least = std::min(least, arm.tested.p);
    // The interval is wider than that of one arm alone, and narrower than Bonferroni's.
    double half = (arm.shown.high - arm.shown.low) / 2 / arm.shown.standard_error;
    CHECK(half > critical_t(arm.shown.df, 0.05, Tail::both));
    CHECK(half < critical_t(arm.shown.df, 0.05 / 3, Tail::both));
  }
  CHECK(ablation.arms[1].tested.p == least);
  CHECK(ablation.arms[1].p_adjusted < 2.9 * least);
  CHECK_THAT(render(ablation, "term"), Catch::Contains("CI: 95%, the claimed arms at once"));
}

TEST_CASE("a claim is judged only when all its runs are done", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501, 1.499}, {1.400, 1.401, 1.399}, {1.499, 1.500, 1.498}});
  sweep.plan.claim.emplace();
  sweep.plan.claim->margin_nats = 0.005;
  SECTION("one arm is no better") { CHECK(analyze(sweep.plan, sweep.path).claim_met == false); }
  SECTION("the claimed arm is") {
    sweep.plan.claim->arms = {"+a, \"b\""};
    Ablation ablation = analyze(sweep.plan, sweep.path);
    CHECK(ablation.claim_met == true);
    CHECK(ablation.arms[1].significant);
    CHECK_FALSE(ablation.arms[2].significant);
  }
  SECTION("a margin of more than the difference") {
    sweep.plan.claim->arms = {"+a, \"b\""};
    sweep.plan.claim->margin_nats = 0.25;
    CHECK(analyze(sweep.plan, sweep.path).claim_met == false);
  }
  SECTION("a run is missing") {
    fs::remove(sweep.path / "runs/1-2/summary.json");
    CHECK_FALSE(analyze(sweep.plan, sweep.path).claim_met.has_value());
  }
  SECTION("an arm that does not exist") {
    sweep.plan.claim->arms = {"+d"};
    CHECK_THROWS_WITH(analyze(sweep.plan, sweep.path), Catch::Contains("no arm is called '+d'"));
  }
}

TEST_CASE("a claim that was changed later says so", "[report]") {
  MadeUpSweep sweep({{1.500, 1.501}, {1.400, 1.401}});
  sweep.plan.claim.emplace();
  sweep.plan.history = {{{"at", "first"}, {"changes", Json::array()}},
                        {{"at", "second"}, {"changes", {"run.timeout: 1 -> 2"}}}};
  auto told = [&] { return join(notes_on(analyze(sweep.plan, sweep.path)), "\n"); };
  CHECK_THAT(told(), Catch::Contains("claim, fixed before the runs: better by"));
  sweep.plan.history.push_back({{"at", "third"}, {"changes", {"claim.alpha: 0.01 -> 0.05"}}});
  CHECK_THAT(told(), Catch::Contains("claim, CHANGED on third after the plan was first frozen: better by"));
}

TEST_CASE("failures of one reason are told together", "[report]") {
  MadeUpSweep sweep({{1.5, kUnknown}, {kUnknown, kUnknown}, {kUnknown, 1.5}});
  for (auto [run, reason] :
       {std::pair(1, "no"), std::pair(2, "no"), std::pair(3, "other"), std::pair(4, "no")})
    write_file(sweep.path / sweep.plan.runs[size_t(run)].folder / "summary.json",
               Json({{"status", "failed"}, {"fail_reason", reason}}).dump());
  std::string told = join(notes_on(analyze(sweep.plan, sweep.path)), "\n");
  CHECK_THAT(told, Catch::Contains("failed: 3 runs of 3 arms: no"));
  CHECK_THAT(told, Catch::Contains("failed: +a, \"b\" s1: other"));
}

TEST_CASE("arms of the baseline's trainings are compared checkpoint by checkpoint", "[report]") {
  // Seeds differ by 0.1, the second arm from the first by 0.010, 0.011, 0.012; the third is trained apart.
  MadeUpSweep sweep({{1.0, 1.1, 1.2}, {0.990, 1.089, 1.188}, {1.0, 1.1, 1.2}});
  for (size_t arm = 0; arm < 3; ++arm)
    for (size_t seed = 0; seed < 3; ++seed) {
      fs::path file = sweep.path / sweep.plan.runs[arm * 3 + seed].folder / "summary.json";
      Json summary = Json::parse(read_file(file));
      summary["stages"]["train"] = std::to_string(seed) + (arm == 2 ? "apart" : "");
      write_file(file, summary.dump());
    }
  Ablation ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].trained_as == 0);
  CHECK(ablation.arms[2].trained_as == 2);
  CHECK(ablation.pooled.df == 4);  // the first two arms have one noise
  CHECK(ablation.arms[1].tested.test == "paired_checkpoint");
  CHECK(ablation.arms[1].tested.t == Approx(-0.011 / (0.001 / std::sqrt(3.0))));
  CHECK(ablation.arms[2].tested.test == "pooled");
  // Two families share alpha.
  CHECK(ablation.arms[1].p_adjusted == Approx(2 * ablation.arms[1].tested.p));
  CHECK(ablation.arms[1].significant);
  TextTable table = ablation_table(ablation);
  CHECK(column(table, 1, "paired") == "1");
  CHECK(column(table, 2, "paired") == "0");
  CHECK(column(runs_table(ablation), 3, "training") == "0");
  sweep.plan.claim.emplace();
  sweep.plan.claim->test = "paired_checkpoint";
  ablation = analyze(sweep.plan, sweep.path);
  CHECK(ablation.arms[1].significant);
  CHECK(std::isnan(ablation.arms[2].tested.p));
  CHECK(ablation.claim_met == false);
  CHECK_THAT(render(ablation, "term"), Catch::Contains("not of the baseline's trainings"));
}

TEST_CASE("a report is one page that asks for nothing else", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, 1.25}});
  sweep.plan.question = "Is 1 < 2 & 3?";
  write_file(sweep.path / "runs/0-0/metrics.csv",
             "step,tokens,time_s,name,value\n1,8,1.000,train_loss,3\n2,16,2.000,train_loss,2\n");
  write_file(sweep.path / "runs/0-1/metrics.csv",
             "step,tokens,time_s,name,value\n1,8,1.000,train_loss,3\n2,16,2.000,train_loss,2\n");
  std::string page = report_page(analyze(sweep.plan, sweep.path), sweep.path);
  CHECK_THAT(page, Catch::StartsWith("<!doctype html>") && Catch::Contains("Is 1 &lt; 2 &amp; 3?"));
  CHECK_THAT(page, Catch::Contains("prefers-color-scheme:dark") && Catch::Contains("+a, &quot;b&quot;"));
  for (const char* chart : {"difference of each arm", "train_loss by steps", "bytes against val_bpb"})
    CHECK_THAT(page, Catch::Contains(chart));
  for (const char* link : {"http:", "https:", "<script", "src=", "=nan", ">nan", " nan"})
    CHECK_THAT(page, !Catch::Contains(link));
  MadeUpSweep empty({{kUnknown}, {kUnknown}});
  CHECK_THAT(report_page(analyze(empty.plan, empty.path), empty.path), !Catch::Contains("<svg"));
}

TEST_CASE("ticks are round and inside", "[report]") {
  CHECK(Axis{0, 1}.ticks(5) == Values{0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0});
  CHECK(Axis::around(Values{}).low < Axis::around(Values{}).high);
  Axis flat = Axis::around(Values{3, kUnknown, 3});
  CHECK(flat.low < 3);
  CHECK(flat.high > 3);
}

TEST_CASE("a curve in time", "[report]") {
  MadeUpSweep sweep({{1.0}, {1.0}});
  write_file(sweep.path / "m/metrics.csv",
             "step,tokens,time_s,name,value\n10,80,1.000,train_loss,5\n10,80,1.000,val_bpb,2.0\n"
             "20,160,3.000,val_bpb,1.0\n30,240,4.000,val_bp");
  std::vector<CurvePoint> curve = read_curve(sweep.path / "m", "val_bpb");
  REQUIRE(curve.size() == 2);
  CHECK(curve[1].step == 20);
  CHECK(at_time(curve, 1.0) == 2.0);
  CHECK(at_time(curve, 2.0) == 1.5);
  CHECK(at_time(curve, 3.0) == 1.0);
  CHECK_FALSE(at_time(curve, 0.5));
  CHECK_FALSE(at_time(curve, 3.5));
  CHECK(read_curve(sweep.path / "nowhere", "val_bpb").empty());
}

TEST_CASE("better per step and slower may be worse on the clock", "[report]") {
  // The arm gains 0.1 at equal steps, but takes twice as long for each.
  std::vector<std::vector<CurvePoint>> baseline = {{{10, 10, 2.0}, {20, 20, 1.5}, {30, 30, 1.25}}};
  std::vector<std::vector<CurvePoint>> arm = {{{10, 20, 1.9}, {20, 40, 1.4}, {30, 60, 1.15}}};
  CHECK(delta_at_time(arm, baseline) == Approx(1.65 - 1.25));  // at 30 seconds
  CHECK(std::isnan(delta_at_time(arm, std::vector<std::vector<CurvePoint>>{{}})));
}

TEST_CASE("a run much slower than its arm's others is told, and what that means", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25, 1.5}, {1.0, 1.25, 1.0}});
  auto told = [&] { return join(notes_on(analyze(sweep.plan, sweep.path)), "\n"); };
  CHECK_THAT(told(), !Catch::Contains("slow:"));
  fs::path summary = sweep.path / "runs/1-2/summary.json";
  Json slower = Json::parse(read_file(summary));
  slower["tok_s"] = 94.0;
  write_file(summary, slower.dump());
  CHECK_THAT(told(), Catch::Contains("slow: 1 of 6 runs") && Catch::Contains("s2 only 94%; times") &&
                         !Catch::Contains("scores"));
  sweep.plan.arms[1].seconds = 600;
  CHECK_THAT(told(), Catch::Contains("nor are scores: the budget is a time"));
}

TEST_CASE("main effects and interaction of two switches", "[report]") {
  // -a-b 10, +a-b 8, -a+b 9, +a+b 6: effects -2.5 and -1.5, interaction -0.5.
  MadeUpSweep sweep({{10.0, 10.0}, {8.0, 8.0}, {9.0, 9.0}, {6.0, 6.5, 5.5}});
  sweep.plan.factors = {"a", "b"};
  for (size_t arm = 0; arm < 4; ++arm) sweep.plan.arms[arm].levels = {arm & 1, arm >> 1};
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  REQUIRE(found.size() == 3);
  CHECK(found[2].name == "a*b");
  CHECK(found[2].size == Approx(-0.5));
  CHECK(std::isfinite(found[2].p));
  SECTION("a cell without runs leaves what the others tell") {
    for (int seed = 0; seed < 3; ++seed) fs::remove(sweep.path / message("runs/3-{}/summary.json", {seed}));
    Ablation less = analyze(sweep.plan, sweep.path);
    CHECK(unknown_cells(less) == std::vector<std::string>{"+d c"});
    CHECK(effects(less)[0].size == Approx(-2.0));
    CHECK(std::isnan(effects(less)[2].size));
    CHECK_THAT(render(less, "term"), Catch::Contains("unknown") && Catch::Contains("+d c"));
  }
  sweep.plan.design = "leave_one_out";
  CHECK(effects(analyze(sweep.plan, sweep.path)).empty());
}

TEST_CASE("Dunnett's limit at one degree of freedom is that of some t", "[report]") {
  for (double alpha : {1e-3, 1e-4}) {
    double limit = Dunnett(std::vector<int64_t>{2, 2, 2}, HUGE_VAL, 1).critical(alpha, Tail::both);
    CHECK(limit >= critical_t(1, alpha, Tail::both));
    CHECK(limit <= critical_t(1, alpha / 3, Tail::both) + 1e-6);
  }
}

TEST_CASE("effects between arms of one training do not count what its seeds differ in", "[report]") {
  // Seeds differ by 1 or more; the factors are worth 0.01 and 0.02, with 0.001 of noise of their own.
  MadeUpSweep sweep({{1, 2, 4}, {1.011, 2.01, 4.01}, {1.02, 2.021, 4.02}, {1.03, 2.03, 4.031}});
  sweep.plan.factors = {"a", "b"};
  for (size_t arm = 0; arm < 4; ++arm) sweep.plan.arms[arm].levels = {arm & 1, arm >> 1};
  for (const PlannedRun& run : sweep.plan.runs) {
    fs::path file = sweep.path / run.folder / "summary.json";
    Json summary = Json::parse(read_file(file));
    summary["stages"] = {{"train", "train-" + std::to_string(run.seed)}};
    write_file(file, summary.dump());
  }
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  CHECK(found[0].size == Approx(0.01).margin(0.001));
  CHECK(found[1].size == Approx(0.02).margin(0.001));
  CHECK(found[1].standard_error < 0.001);
  CHECK(found[1].p < 0.001);
  SECTION("and where two trainings serve four arms, no noise is that of all effects") {
    for (const PlannedRun& run : sweep.plan.runs) {
      if (run.arm < 2) continue;
      fs::path file = sweep.path / run.folder / "summary.json";
      Json summary = Json::parse(read_file(file));
      summary["stages"]["weights"] = "others";
      write_file(file, summary.dump());
    }
    std::vector<Effect> apart = effects(analyze(sweep.plan, sweep.path));
    CHECK(apart[0].size == Approx(0.01).margin(0.001));
    CHECK(std::isnan(apart[0].p));
    CHECK(std::isnan(apart[1].p));
  }
  SECTION("of which one seed tells nothing") {
    std::erase_if(sweep.plan.runs, [](const PlannedRun& run) { return run.seed > 0; });
    std::vector<Effect> one = effects(analyze(sweep.plan, sweep.path));
    CHECK(one[1].size == Approx(0.0195));
    CHECK(std::isnan(one[1].p));
  }
}

TEST_CASE("effects that runs cannot tell apart have no size", "[report]") {
  // The half fraction c = a xor b; the response is 1 + a.
  MadeUpSweep sweep({{1.0}, {2.0}, {1.0}, {2.0}});
  sweep.plan.design = "fractional";
  sweep.plan.factors = {"a", "b", "c"};
  for (size_t arm = 0; arm < 4; ++arm)
    sweep.plan.arms[arm].levels = {arm & 1, arm >> 1, (arm & 1) ^ (arm >> 1)};
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  REQUIRE(found.size() == 6);
  CHECK(found[0].size == Approx(1.0));
  CHECK(found[1].size == Approx(0.0).margin(1e-12));
  CHECK(std::isnan(found[3].size));
  CHECK(found[3].unknown == "cannot be told apart from c");
}

namespace {

/// Three levels of a by two of b, two seeds a cell, 0.5 above and below these means.
MadeUpSweep three_by_two(double last = 12) {
  std::vector<Values> bpb;
  for (double mean : {10.0, 9.0, 7.0, 12.0, 11.0, last}) bpb.push_back({mean - 0.5, mean + 0.5});
  return MadeUpSweep(bpb);
}

void set_levels(MadeUpSweep& sweep) {
  sweep.plan.factors = {"a", "b"};
  sweep.plan.levels = {{"a=1", "a=2", "a=3"}, {"-b", "+b"}};
  for (size_t arm = 0; arm < 6; ++arm) sweep.plan.arms[arm].levels = {arm % 3, arm / 3};
}

}  // namespace

TEST_CASE("each level of a factor against the baseline's, and an F test of the interaction", "[report]") {
  MadeUpSweep sweep = three_by_two();
  set_levels(sweep);
  Ablation ablation = analyze(sweep.plan, sweep.path);
  std::vector<Effect> found = effects(ablation);
  REQUIRE(found.size() == 4);
  // Means over b: 11, 10, 9.5. The variance is 0.5 with 6 degrees of freedom, and each mean has four runs.
  CHECK(found[0].name == "a=2 vs a=1");
  CHECK(found[0].size == Approx(-1));
  CHECK(found[0].standard_error == Approx(0.5));
  Dunnett joint(std::vector<int64_t>{4, 4}, 4, 6);
  CHECK(found[0].p == Approx(joint.p(-2, Tail::both)));
  CHECK(found[0].high == Approx(-1 + 0.5 * joint.critical(0.05, Tail::both)));
  CHECK(found[1].size == Approx(-1.5));
  CHECK(found[2].name == "b");
  CHECK(found[2].size == Approx(3));
  CHECK(found[2].standard_error == Approx(std::sqrt(0.5 / 3)));
  CHECK(std::isnan(found[2].low));
  // What rows and columns leave over is 0.5, 0.5, -1 and the opposite, twice: 6, so F(2, 6) = 3 / 0.5.
  CHECK(found[3].name == "a*b");
  CHECK(found[3].f == Approx(6));
  CHECK(found[3].contrasts == 2);
  CHECK(found[3].p == Approx(1.0 / 27));
  CHECK(std::isnan(found[3].size));
  for (const char* format : {"term", "md", "tex", "json"})
    CHECK_THAT(render(ablation, format), Catch::Contains("a=2 vs a=1"));
  CHECK_THAT(render(ablation, "term"), Catch::Contains("95% CI") && Catch::Contains("6.00"));
  write_tables(sweep.plan, sweep.path);
  CHECK_THAT(read_file(sweep.path / "effects.csv"), Catch::Contains("\na*b,,,,,6.0000,2,0.03703704,\n"));
  SECTION("another baseline's level is what the others are held against") {
    std::swap(sweep.plan.arms[0].levels, sweep.plan.arms[1].levels);
    CHECK(effects(analyze(sweep.plan, sweep.path))[0].name == "a=1 vs a=2");
  }
}

TEST_CASE("effects of several levels where cells are missing", "[report]") {
  MadeUpSweep sweep = three_by_two(kUnknown);
  set_levels(sweep);
  // Without a=3 +b, b is worth 2 at both other levels, so at -b 10, 9 and 7 compare as they stand. The error
  // of the last holds its own mean, 1/2, that of a=1, 1/4, and half of b's, 1/8, of the variance.
  std::vector<Effect> found = effects(analyze(sweep.plan, sweep.path));
  REQUIRE(found.size() == 4);
  CHECK(found[0].size == Approx(-1));
  CHECK(found[1].size == Approx(-3));
  CHECK(found[1].standard_error == Approx(std::sqrt(0.875 * 0.5)));
  CHECK(found[2].size == Approx(2));
  CHECK(found[3].contrasts == 1);
  CHECK(found[3].f == Approx(0).margin(1e-9));
  CHECK(found[3].unknown == "1 of 2 contrasts; the others are unknown");
  for (int seed : {0, 1}) fs::remove(sweep.path / message("runs/2-{}/summary.json", {seed}));
  found = effects(analyze(sweep.plan, sweep.path));
  CHECK(found[1].unknown == "no finished run");
  CHECK(std::isnan(found[1].p));
  CHECK(std::isfinite(found[0].p));
  for (int arm : {0, 3})
    for (int seed : {0, 1}) fs::remove(sweep.path / message("runs/{}-{}/summary.json", {arm, seed}));
  found = effects(analyze(sweep.plan, sweep.path));
  CHECK(found[0].unknown == "cannot be told apart");
}
