// SPDX-License-Identifier: Apache-2.0
// Each format puts the same tables together; during a sweep, tables that take long are written less often.
#include "report/sweep_tables.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/text.h"
#include "report/cells.h"
#include "report/columns.h"
#include "report/decisions.h"
#include "report/drift.h"
#include "report/effects.h"
#include "results/metrics.h"

namespace caddie {
namespace {

int count(const Ablation& ablation, RunStatus status) {
  return int(std::count_if(ablation.runs.begin(), ablation.runs.end(),
                           [&](const RunRow& run) { return run.state.status == status; }));
}

/// Returns "3 of 4 runs done, 1 failed", for example.
std::string progress(const Ablation& ablation) {
  std::string text =
      fmt::format("{} of {} runs done", count(ablation, RunStatus::done), ablation.runs.size());
  for (RunStatus status : {RunStatus::running, RunStatus::failed, RunStatus::lost})
    if (int n = count(ablation, status)) text += fmt::format(", {} {}", n, name_of(status));
  return text;
}

Json to_json(const Ablation& a) {
  Json json = {{"sweep", a.plan->name},
               {"question", a.plan->question},
               {"baseline", a.baseline},
               {"metric", a.metric},
               {"runs", a.runs.size()},
               {"done", count(a, RunStatus::done)},
               {"failed", count(a, RunStatus::failed)},
               {"pooled_sd", number_or_null(std::sqrt(a.pooled.variance))},
               {"df", a.pooled.df},
               {"alpha", a.alpha},
               {"confidence", a.confidence},
               {"correction", a.correction}};
  const std::optional<SweepClaim>& claim = a.plan->claim;
  json["margin_nats"] = claim && claim->margin_nats > 0 ? Json(claim->margin_nats) : Json();
  json["claim_met"] = a.claim_met ? Json(*a.claim_met) : Json();
  json["arms"] = arms_json(a);
  json["effects"] = effects_json(a);
  json["order"] = a.plan->run.order;
  json["drift"] = drift_json(a);
  json["notes"] = a.notes;
  return json;
}

[[noreturn]] void fail_format(const std::string& format) {
  fail_usage("--format {}: there is no such format; known: term, csv, tsv, md, tex, json", format);
}

}  // namespace

std::string standing(const Ablation& ablation) {
  return fmt::format("{}; {} ({} is better) against '{}'", progress(ablation), ablation.score,
                     name_of(kBpb.better), ablation.baseline);
}

std::string heading(const Ablation& ablation) {
  std::string text = ablation.plan->name + ": " + standing(ablation) + "\n";
  if (!ablation.plan->question.empty()) text = ablation.plan->question + "\n" + text;
  return text;
}

std::string render(const Ablation& ablation, const std::string& format) {
  std::string notes;
  for (const std::string& note : ablation.notes)
    notes += (format == "md" ? "- " + escape_markdown(note) : printable(note)) + "\n";
  TextTable factors = effects_table(ablation);
  auto behind = [&](std::string (TextTable::*print)() const, const char* end) {
    return factors.rows.empty() ? std::string() : (factors.*print)() + end;
  };
  if (format == "term")
    return heading(ablation) + "\n" + readable_table(ablation).terminal() + "\n" +
           behind(&TextTable::terminal, "\n") + notes;
  if (format == "csv") return ablation_table(ablation).csv();
  if (format == "tsv") return decisions_table(ablation).tsv();
  if (format == "tex") return readable_table(ablation).latex() + behind(&TextTable::latex, "");
  if (format == "json") return text_of(to_json(ablation), 2) + "\n";
  if (format == "md") {
    std::string title =
        "# " + escape_markdown(ablation.plan->name) + "\n\n" + escape_markdown(ablation.plan->question);
    if (!ablation.plan->question.empty()) title += "\n\n";
    return title + standing(ablation) + ".\n\n" + readable_table(ablation).markdown() + "\n" +
           behind(&TextTable::markdown, "\n") + notes;
  }
  fail_format(format);
}

std::string render_runs(const Ablation& ablation, const std::string& format) {
  TextTable table = runs_table(ablation);
  if (format == "csv") return table.csv();
  if (format == "tsv") return table.tsv();
  if (format == "term") return table.terminal();
  if (format == "md") return table.markdown();
  if (format == "tex") return table.latex();
  if (format != "json") fail_format(format);
  Json runs = Json::array();
  for (const RunRow& run : ablation.runs)
    runs.push_back({{"arm", run.arm->label},
                    {"seed", run.run->seed},
                    {"status", name_of(run.state.status)},
                    {"reason", run.state.reason},
                    {"folder", run.run->folder},
                    {"summary", run.state.summary.is_there() ? written(run.state.summary) : Json()},
                    {"record", run.state.record ? written(*run.state.record) : Json()}});
  return text_of(runs, 2) + "\n";
}

Ablation write_tables(const Plan& plan, const std::filesystem::path& folder) {
  Ablation ablation = analyze(plan, folder);
  write_file(folder / "runs.csv", runs_table(ablation).csv());
  write_file(folder / "ablation.csv", render(ablation, "csv"));
  write_file(folder / "results.tsv", render(ablation, "tsv"));
  write_file(folder / "ablation.md", render(ablation, "md"));
  write_file(folder / "ablation.tex", render(ablation, "tex"));
  if (TextTable data = effects_data(ablation); !data.rows.empty())
    write_file(folder / "effects.csv", data.csv());
  return ablation;
}

void LiveTables::changed() {
  due_ = true;
  catch_up();
}

void LiveTables::catch_up() {
  if (due_ && since_.seconds() >= pause_) write();
}

void LiveTables::write() {
  Stopwatch clock;
  write_tables(plan_, folder_);
  pause_ = std::max(10.0, 20 * clock.seconds());
  since_ = Stopwatch();
  due_ = false;
}

}  // namespace caddie
