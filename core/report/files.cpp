// SPDX-License-Identifier: Apache-2.0
#include "report/files.h"

#include <caddie/error.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "base/text.h"
#include "report/effects.h"

namespace caddie {
namespace {

std::string fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:.{}f}", value, decimals) : "";
}

std::string signed_fixed(double value, int decimals) {
  return std::isfinite(value) ? fmt::format("{:+.{}f}", value, decimals) : "";
}

std::string switch_text(bool on) { return on ? "1" : "0"; }

/// A value of TOML as a cell: texts without their quotes.
std::string cell_of(const std::string& toml) {
  bool text = toml.size() >= 2 && toml.front() == '"' && toml.back() == '"';
  return text ? toml.substr(1, toml.size() - 2) : toml;
}

/// A member of run.json by path; empty when it is not there.
std::string recorded(const Json& record, std::initializer_list<const char*> path) {
  const Json* node = &record;
  for (const char* name : path) {
    if (!node->is_object() || !node->contains(name)) return "";
    node = &node->at(name);
  }
  if (node->is_string()) return node->get<std::string>();
  if (node->is_boolean()) return switch_text(node->get<bool>());
  return node->is_null() ? "" : node->dump();
}

std::string short_hash(const std::string& text) { return text.empty() ? "" : sha256(text).substr(0, 16); }

struct NumberColumn {
  const char* name;
  int decimals;
};
constexpr NumberColumn kScores[] = {
    {"val_bpb", 8}, {"val_loss_nats", 8}, {"val_bpb_raw", 8}, {"val_bpb_avg", 8}, {"val_bpb_quant", 8}};
constexpr const char* kEvaluators[] = {"sliding", "ttt"};  // labels with columns of their own
constexpr NumberColumn kCosts[] = {
    {"train_loss", 8}, {"steps", 0}, {"tokens", 0}, {"step_avg_ms", 3}, {"tok_s", 1}};
constexpr NumberColumn kBudgets[] = {
    {"train_time_s", 3}, {"eval_time_s", 3}, {"artifact_bytes", 0}, {"bytes_model", 0}, {"bytes_code", 0}};

/// The score of the evaluator whose label is `label` or goes on behind it with '_'.
double score_of(const RunRow& run, const std::string& label) {
  if (!run.state.summary.is_object() || !run.state.summary.contains("scores")) return kUnknown;
  for (const auto& [name, score] : run.state.summary.at("scores").items())
    if (name == label || name.starts_with(label + "_")) return score.value("val_bpb", kUnknown);
  return kUnknown;
}

/// The columns that differ from sweep to sweep.
struct VaryingColumns {
  std::set<std::string> techniques, params;
  explicit VaryingColumns(const Plan& plan) {
    for (const Arm& arm : plan.arms) {
      for (const auto& [label, on] : arm.techniques) techniques.insert(label);
      for (const auto& [path, text] : arm.params) params.insert(path);
    }
  }
};

std::vector<std::string> runs_head(const VaryingColumns& varying) {
  std::vector<std::string> head = {"run_id", "sweep",  "arm",         "baseline",    "config_key",
                                   "seed",   "status", "fail_reason", "effect_check"};
  for (const std::string& label : varying.techniques) head.push_back("tech." + label);
  for (const std::string& path : varying.params) head.push_back("param." + path);
  for (const NumberColumn& column : kScores) head.push_back(column.name);
  for (const char* label : kEvaluators) head.push_back(std::string("val_bpb_") + label);
  for (const NumberColumn& column : kCosts) head.push_back(column.name);
  head.push_back("tok_s_rel");
  for (const NumberColumn& column : kBudgets) head.push_back(column.name);
  for (const char* name : {"under_cap", "peak_mem_bytes", "params", "git_sha", "git_dirty", "plugins_key",
                           "data_key", "host", "gpu", "started_at", "caddie_version"})
    head.push_back(name);
  return head;
}

std::vector<std::string> runs_row(const Ablation& ablation, const RunRow& run,
                                  const VaryingColumns& varying) {
  const Json& record = run.state.record;
  std::vector<std::string> row = {recorded(record, {"key"}).substr(0, 8),
                                  ablation.plan->name,
                                  run.arm->label,
                                  ablation.baseline,
                                  run.arm->group.substr(0, 16),
                                  std::to_string(run.run->seed),
                                  std::string(name_of(run.state.status)),
                                  run.state.reason,
                                  recorded(run.state.summary, {"effect_check"})};
  for (const std::string& label : varying.techniques) {
    auto found = run.arm->techniques.find(label);
    row.push_back(switch_text(found != run.arm->techniques.end() && found->second));
  }
  for (const std::string& path : varying.params) {
    auto found = run.arm->params.find(path);
    row.push_back(found == run.arm->params.end() ? "" : cell_of(found->second));
  }
  auto add_numbers = [&](std::span<const NumberColumn> columns) {
    for (const NumberColumn& column : columns) row.push_back(fixed(run.number(column.name), column.decimals));
  };
  add_numbers(kScores);
  for (const char* label : kEvaluators) row.push_back(fixed(score_of(run, label), 8));
  add_numbers(kCosts);
  row.push_back(fixed(relative_rate(ablation, run), 4));
  add_numbers(kBudgets);
  row.push_back(recorded(run.state.summary, {"under_cap"}));
  row.push_back(fixed(run.number("peak_mem_bytes"), 0));
  row.push_back(fixed(run.number("params"), 0));
  for (auto path : {std::initializer_list<const char*>{"git", "commit"}, {"git", "dirty"}})
    row.push_back(recorded(record, path));
  row.push_back(short_hash(recorded(record, {"plugins"})));
  row.push_back(short_hash(recorded(record, {"data"})));
  for (auto path : {std::initializer_list<const char*>{"machine", "host"},
                    {"machine", "gpu"},
                    {"started_at"},
                    {"caddie_version"}})
    row.push_back(recorded(record, path));
  return row;
}

std::string signed_commas(double value) {
  if (!std::isfinite(value)) return "";
  auto whole = int64_t(std::llround(value));
  return whole < 0 ? "-" + with_commas(-whole) : "+" + with_commas(whole);
}

std::string p_text(double p) {
  if (!std::isfinite(p)) return "";
  if (p < 0.0001) return "<.0001";
  std::string text = fixed(p, 4);
  return text[0] == '0' ? text.substr(1) : text;
}

std::string interval_text(const Comparison& c) {
  return std::isfinite(c.low) ? fmt::format("[{:+.5f}, {:+.5f}]", c.low, c.high) : "";
}

int count(const Ablation& ablation, RunStatus status) {
  return int(std::count_if(ablation.runs.begin(), ablation.runs.end(),
                           [&](const RunRow& run) { return run.state.status == status; }));
}

std::string progress(const Ablation& ablation) {
  std::string text =
      fmt::format("{} of {} runs done", count(ablation, RunStatus::done), ablation.runs.size());
  for (RunStatus status : {RunStatus::running, RunStatus::failed, RunStatus::lost})
    if (int n = count(ablation, status)) text += fmt::format(", {} {}", n, name_of(status));
  return text;
}

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json to_json(const Ablation& a) {
  Json arms = Json::array();
  for (const ArmRow& arm : a.arms)
    arms.push_back({{"arm", arm.arm->label},
                    {"kind", arm.arm->kind},
                    {"is_baseline", arm.is_baseline},
                    {"n", arm.bpb.n},
                    {"seeds", arm.seeds},
                    {"planned", arm.planned},
                    {"failed", arm.failed},
                    {"val_bpb_mean", number_or_null(arm.bpb.mean)},
                    {"val_bpb_std", number_or_null(arm.bpb.sd)},
                    {"delta", number_or_null(arm.shown.delta)},
                    {"delta_ci_lo", number_or_null(arm.shown.low)},
                    {"delta_ci_hi", number_or_null(arm.shown.high)},
                    {"delta_nats", number_or_null(arm.delta_nats)},
                    {"test", arm.tested.test},
                    {"df", number_or_null(arm.tested.df)},
                    {"t", number_or_null(arm.tested.t)},
                    {"p", number_or_null(arm.tested.p)},
                    {"p_adj", number_or_null(arm.p_adjusted)},
                    {"significant", arm.significant},
                    {"delta_at_time", number_or_null(arm.delta_at_time)},
                    {"artifact_bytes", number_or_null(arm.bytes)},
                    {"delta_bytes", number_or_null(arm.delta_bytes)},
                    {"step_ms", number_or_null(arm.step_ms)},
                    {"delta_step_ms", number_or_null(arm.delta_step_ms)}});
  Json json = {{"sweep", a.plan->name},
               {"question", a.plan->question},
               {"baseline", a.baseline},
               {"metric", a.metric},
               {"runs", a.runs.size()},
               {"done", count(a, RunStatus::done)},
               {"failed", count(a, RunStatus::failed)},
               {"pooled_sd", number_or_null(std::sqrt(a.pooled.variance))},
               {"df", a.pooled.df}};
  json["claim_met"] = a.claim_met ? Json(*a.claim_met) : Json();
  json["arms"] = arms;
  json["notes"] = a.notes;
  return json;
}

}  // namespace

TextTable runs_table(const Ablation& ablation) {
  VaryingColumns varying(*ablation.plan);
  TextTable table{runs_head(varying), {}};
  for (const RunRow& run : ablation.runs) table.rows.push_back(runs_row(ablation, run, varying));
  return table;
}

TextTable ablation_table(const Ablation& ablation) {
  TextTable table{{"sweep",
                   "arm",
                   "kind",
                   "baseline",
                   "n",
                   "seeds",
                   "val_bpb_mean",
                   "val_bpb_std",
                   "val_bpb_sem",
                   "delta",
                   "delta_ci_lo",
                   "delta_ci_hi",
                   "delta_nats",
                   "margin_nats",
                   "test",
                   "df",
                   "t",
                   "p",
                   "p_adj",
                   "significant",
                   "paired",
                   "delta_at_time",
                   "delta_bytes",
                   "delta_step_ms",
                   "effect_check"},
                  {}};
  const std::optional<SweepClaim>& claim = ablation.plan->claim;
  for (const ArmRow& arm : ablation.arms) {
    std::vector<std::string> seeds;
    for (int64_t seed : arm.seeds) seeds.push_back(std::to_string(seed));
    bool tested = std::isfinite(arm.tested.p);
    table.rows.push_back({ablation.plan->name,
                          arm.arm->label,
                          arm.arm->kind,
                          ablation.baseline,
                          std::to_string(arm.bpb.n),
                          join(seeds, " "),
                          fixed(arm.bpb.mean, 8),
                          fixed(arm.bpb.sd, 8),
                          fixed(arm.bpb.sem(), 8),
                          fixed(arm.shown.delta, 8),
                          fixed(arm.shown.low, 8),
                          fixed(arm.shown.high, 8),
                          fixed(arm.delta_nats, 8),
                          claim && claim->margin_nats > 0 ? fmt::format("{:g}", claim->margin_nats) : "",
                          tested ? arm.tested.test : "",
                          fixed(arm.tested.df, 2),
                          fixed(arm.tested.t, 4),
                          fixed(arm.tested.p, 8),
                          fixed(arm.p_adjusted, 8),
                          tested ? switch_text(arm.significant) : "",
                          tested ? switch_text(arm.tested.test == "paired") : "",
                          fixed(arm.delta_at_time, 8),
                          fixed(arm.delta_bytes, 0),
                          fixed(arm.delta_step_ms, 3),
                          arm.effect_check});
  }
  return table;
}

TextTable readable_table(const Ablation& ablation) {
  TextTable table{{"arm", "n", "val_bpb", "sd", "delta", "95% CI", "p", "bytes", "delta bytes", "ms/step"},
                  {},
                  "lrrrrrrrrr"};
  for (const ArmRow& arm : ablation.arms) {
    std::string n = std::to_string(arm.bpb.n);
    if (arm.bpb.n < arm.planned) n += "/" + std::to_string(arm.planned);
    table.rows.push_back({arm.arm->label, n, fixed(arm.bpb.mean, 5), fixed(arm.bpb.sd, 5),
                          signed_fixed(arm.shown.delta, 5), interval_text(arm.shown),
                          p_text(arm.p_adjusted) + (arm.significant ? "*" : ""),
                          std::isfinite(arm.bytes) ? with_commas(int64_t(std::llround(arm.bytes))) : "",
                          signed_commas(arm.delta_bytes), fixed(arm.step_ms, 1)});
  }
  return table;
}

std::string heading(const Ablation& ablation) {
  std::string text = ablation.plan->name + ": " + progress(ablation) +
                     "; val_bpb (lower is better) against '" + ablation.baseline + "'\n";
  if (!ablation.plan->question.empty()) text = ablation.plan->question + "\n" + text;
  return text;
}

std::string render(const Ablation& ablation, const std::string& format) {
  std::string notes;
  for (const std::string& note : ablation.notes) notes += (format == "md" ? "- " : "") + note + "\n";
  std::string factors = effects_text(ablation);
  if (!factors.empty()) factors += "\n";
  if (format == "term")
    return heading(ablation) + "\n" + readable_table(ablation).terminal() + "\n" + factors + notes;
  if (format == "csv") return ablation_table(ablation).csv();
  if (format == "tex") return readable_table(ablation).latex();
  if (format == "json") return to_json(ablation).dump(2) + "\n";
  if (format == "md") {
    std::string title = "# " + ablation.plan->name + "\n\n" + ablation.plan->question;
    if (!ablation.plan->question.empty()) title += "\n\n";
    return title + progress(ablation) + "; val_bpb (lower is better) against '" + ablation.baseline +
           "'.\n\n" + readable_table(ablation).markdown() + "\n" + notes;
  }
  throw Error(message("--format {}: there is no such format; known: term, csv, md, tex, json", {format}), 2);
}

void write_tables(const Plan& plan, const std::filesystem::path& folder) {
  Ablation ablation = analyze(plan, folder);
  write_file(folder / "runs.csv", runs_table(ablation).csv());
  write_file(folder / "ablation.csv", render(ablation, "csv"));
  write_file(folder / "ablation.md", render(ablation, "md"));
  write_file(folder / "ablation.tex", render(ablation, "tex"));
}

}  // namespace caddie
