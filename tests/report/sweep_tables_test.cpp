// SPDX-License-Identifier: Apache-2.0
// The tables of a sweep: their promised columns, in every format, also while the sweep is at work.
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/files.h"
#include "base/json.h"
#include "base/stopwatch.h"
#include "report/ablation.h"
#include "report/sweep_tables.h"
#include "support/csv.h"
#include "support/made_up_sweep.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

TEST_CASE("runs.csv has the promised columns", "[report]") {
  MadeUpSweep sweep({{1.5, 1.25}, {1.0, kUnknown}});
  Ablation ablation = analyze(sweep.plan, sweep.path);
  TextTable runs = runs_table(ablation);
  std::string head = runs.csv().substr(0, runs.csv().find('\n'));
  CHECK(head ==
        "run_id,sweep,arm,baseline,config_key,seed,status,fail_reason,effect_check,tech.a,param.model.dim,"
        "val_bpb,val_loss_nats,val_bpb_raw,val_bpb_avg,val_bpb_quant,train_loss,"
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
        "tested_lo,tested_hi,welch_df,welch_p_adj,status");
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
  CHECK(column(shown, 1, "artifact_bytes") == "1,001");
  CHECK(column(shown, 1, "delta artifact_bytes") == "+1");
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
  MadeUpSweep sweep(std::vector<std::vector<double>>(1000, std::vector<double>(3, 1.5)));
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
