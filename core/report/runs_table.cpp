// SPDX-License-Identifier: Apache-2.0
// runs.csv: one row a run, with all that produced it.
#include <fmt/format.h>

#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "report/cells.h"
#include "report/files.h"

namespace caddie {
namespace {

/// A value of TOML as a cell: texts without their quotes.
std::string cell_of(const std::string& toml) {
  bool text = toml.size() >= 2 && toml.front() == '"' && toml.back() == '"';
  return text ? toml.substr(1, toml.size() - 2) : toml;
}

/// A member of run.json by its dotted path; empty when it is not there.
std::string recorded(const Json& record, const std::string& path) {
  const Json* node = &record;
  for (const std::string& name : split(path, '.')) {
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

/// More of run.json, behind the columns that came first.
constexpr std::pair<const char*, const char*> kProvenance[] = {{"data_train", "data.train"},
                                                               {"data_validation", "data.validation"},
                                                               {"data_tokenizer", "data.tokenizer"},
                                                               {"engine", "engine"},
                                                               {"cpu", "machine.cpu"},
                                                               {"isa", "machine.isa"},
                                                               {"threads", "machine.threads"},
                                                               {"command", "command"},
                                                               {"ranks", "machine.ranks"}};

/// "name:hash name:hash", hashes by their first 16 digits.
std::string plugins_text(const Json& record) {
  std::string text;
  if (!record.is_object() || !record.contains("plugins")) return text;
  for (const auto& [name, hash] : record.at("plugins").items())
    text += (text.empty() ? "" : " ") + name + ":" + std::string(hash).substr(0, 16);
  return text;
}

/// The score of the evaluator whose label is `label` or goes on behind it with '_'.
double score_of(const RunRow& run, const std::string& label) {
  if (!run.state.summary.is_object() || !run.state.summary.contains("scores")) return kUnknown;
  for (const auto& [name, score] : run.state.summary.at("scores").items())
    if (name == label || name.starts_with(label + "_")) return number_in(score, "val_bpb");
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
  head.push_back("training");
  head.push_back("plugins");
  for (const auto& [name, path] : kProvenance) head.push_back(name);
  return head;
}

std::vector<std::string> runs_row(const Ablation& ablation, const RunRow& run,
                                  const VaryingColumns& varying) {
  const Json& record = run.state.record;
  std::vector<std::string> row = {recorded(record, "key").substr(0, 8),
                                  ablation.plan->name,
                                  run.arm->label,
                                  ablation.baseline,
                                  run.arm->group.substr(0, 16),
                                  std::to_string(run.run->seed),
                                  std::string(name_of(run.state.status)),
                                  run.state.reason,
                                  recorded(run.state.summary, "effect_check")};
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
  row.push_back(recorded(run.state.summary, "under_cap"));
  row.push_back(fixed(run.number("peak_mem_bytes"), 0));
  row.push_back(fixed(run.number("params"), 0));
  for (const char* path : {"git.commit", "git.dirty"}) row.push_back(recorded(record, path));
  row.push_back(short_hash(recorded(record, "plugins")));
  row.push_back(short_hash(recorded(record, "data")));
  for (const char* path : {"machine.host", "machine.gpu", "started_at", "caddie_version"})
    row.push_back(recorded(record, path));
  row.push_back(run.training());
  row.push_back(plugins_text(record));
  for (const auto& [name, path] : kProvenance) row.push_back(recorded(record, path));
  return row;
}

}  // namespace

TextTable runs_table(const Ablation& ablation) {
  VaryingColumns varying(*ablation.plan);
  TextTable table{runs_head(varying), {}};
  for (const RunRow& run : ablation.runs) table.rows.push_back(runs_row(ablation, run, varying));
  return table;
}

}  // namespace caddie
