// SPDX-License-Identifier: Apache-2.0
// The columns of runs.csv stand here. The table has one row for each run, with all that produced it.
#include <fmt/format.h>

#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "report/cells.h"
#include "report/columns.h"
#include "report/files.h"
#include "results/metrics.h"

namespace caddie {
namespace {

/// Returns a value of TOML as a cell: texts without their quotes.
std::string cell_of(const std::string& toml) {
  bool text = toml.size() >= 2 && toml.front() == '"' && toml.back() == '"';
  return text ? toml.substr(1, toml.size() - 2) : toml;
}

/// Returns a member of run.json by its dotted path; "" when it is not there.
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

/// Returns "name:hash name:hash", with the first 16 digits of each hash.
std::string plugins_text(const Json& record) {
  std::string text;
  if (!record.is_object() || !record.contains("plugins")) return text;
  for (const auto& [name, hash] : record.at("plugins").items())
    text += (text.empty() ? "" : " ") + name + ":" + std::string(hash).substr(0, 16);
  return text;
}

/// Returns the artifact's bits per byte under an evaluator; unknown when the run does not have it.
double score_of(const RunRow& run, const std::string& evaluator) {
  for (const auto& [label, score] : run.state.summary.scores)
    if (label == evaluator) return score.bpb;
  return kUnknown;
}

/// Builds the columns of runs.csv in their order.
class RunColumns {
 public:
  RunColumns(const Ablation& ablation, const VaryingNames& varying) : a_(ablation), varying_(varying) {}

  std::vector<Column<RunRow>> all() {
    add_identity();
    add_choices();
    for (const Metric* metric : metrics())
      if (metric->places.runs) add_metric(*metric);
    add_provenance();
    return std::move(columns_);
  }

 private:
  void add(std::string name, std::string help, std::function<std::string(const RunRow&)> cell) {
    columns_.push_back({std::move(name), std::move(help), std::move(cell)});
  }

  /// Adds a column of what stands in run.json under `path`.
  void add_recorded(const char* name, const char* path, const char* help) {
    add(name, help, [=](const RunRow& run) { return recorded(run.state.record, path); });
  }

  void add_identity() {
    add("run_id", "first 8 digits of the run's key: all that may change a result, and the seed",
        [](const RunRow& run) { return recorded(run.state.record, "key").substr(0, 8); });
    add("sweep", "name of the sweep", [&a = a_](const RunRow&) { return a.plan->name; });
    add("arm", "label of the run's arm", [](const RunRow& run) { return run.arm->label; });
    add("baseline", "label of the arm that others are compared with",
        [&a = a_](const RunRow&) { return a.baseline; });
    add("config_key", "first 16 digits of the arm's key: the run's without the seed",
        [](const RunRow& run) { return run.arm->group.substr(0, 16); });
    add("seed", "of initial weights and of everything else that is drawn",
        [](const RunRow& run) { return std::to_string(run.run->seed); });
    add("status", "planned, running, done, failed, or lost (begun, and neither running nor ended)",
        [](const RunRow& run) { return std::string(name_of(run.state.status)); });
    add("fail_reason", "why a run failed", [](const RunRow& run) { return run.state.reason; });
    add("effect_check",
        "whether every technique acted: ok, partial, no_effect, or allowed_no_effect; the worst of them",
        [](const RunRow& run) { return run.state.summary.effect_check; });
  }

  void add_choices() {
    for (const std::string& label : varying_.techniques)
      add("tech." + label, "1 where the technique of this label is on, else 0", [=](const RunRow& run) {
        auto found = run.arm->techniques.find(label);
        return switch_text(found != run.arm->techniques.end() && found->second);
      });
    for (const std::string& path : varying_.params)
      add("param." + path, "value of the setting at this path, which differs between arms",
          [=](const RunRow& run) {
            auto found = run.arm->params.find(path);
            return found == run.arm->params.end() ? "" : cell_of(found->second);
          });
  }

  /// Adds the column of a metric, and behind it what is derived from the metric.
  void add_metric(const Metric& metric) {
    add(metric.name, metric.help,
        [&metric](const RunRow& run) { return fixed(run.number(metric), metric.decimals); });
    if (metric == kBpbQuantized)
      for (const std::string& label : varying_.evaluators)
        add(kBpb.name + ("_" + label), "the artifact under the evaluator of this label",
            [=](const RunRow& run) { return fixed(score_of(run, label), kBpb.decimals); });
    if (metric == kTokensPerSecond)
      add("tok_s_rel", "tok_s as a share of the median over the arm's finished runs",
          [&a = a_](const RunRow& run) { return fixed(relative_rate(a, run), 4); });
    if (metric == kCodeBytes)
      add("under_cap", "1 where artifact_bytes are within budget.artifact_bytes, else 0",
          [](const RunRow& run) {
            const std::optional<bool>& under = run.state.summary.under_cap;
            return under ? switch_text(*under) : "";
          });
  }

  void add_provenance() {
    add_recorded("git_sha", "git.commit", "commit of the source");
    add_recorded("git_dirty", "git.dirty", "1 where the source differed from its commit");
    add("plugins_key", "hash over all plugins that the run opened",
        [](const RunRow& run) { return short_hash(recorded(run.state.record, "plugins")); });
    add("data_key", "hash over all data that the run read",
        [](const RunRow& run) { return short_hash(recorded(run.state.record, "data")); });
    add_recorded("host", "machine.host", "name of the machine");
    add_recorded("gpu", "machine.gpu", "its accelerator; empty for none");
    add_recorded("started_at", "started_at", "when the run began, UTC");
    add_recorded("caddie_version", "caddie_version", "version of the program");
    add("training", "key of the training that the weights come from; arms that share one are compared on it",
        [](const RunRow& run) { return run.training(); });
    add("plugins", "each plugin with the first 16 digits of its file's SHA-256",
        [](const RunRow& run) { return plugins_text(run.state.record); });
    add_recorded("data_train", "data.train", "hash of the training text");
    add_recorded("data_validation", "data.validation", "hash of the validation text");
    add_recorded("data_tokenizer", "data.tokenizer", "hash of the tokenizer");
    add_recorded("engine", "engine", "hash of the program's core");
    add_recorded("cpu", "machine.cpu", "model of the processor");
    add_recorded("isa", "machine.isa", "vector instructions that were used");
    add_recorded("threads", "machine.threads", "threads of the run");
    add_recorded("command", "command", "command line of the run");
    add_recorded("ranks", "machine.ranks", "processes that trained together");
  }

  const Ablation& a_;
  const VaryingNames& varying_;
  std::vector<Column<RunRow>> columns_;
};

std::vector<std::string> listed(const std::set<std::string>& names) { return {names.begin(), names.end()}; }

}  // namespace

VaryingNames varying_names(const Ablation& ablation) {
  std::set<std::string> techniques, params, evaluators;
  for (const Arm& arm : ablation.plan->arms) {
    for (const auto& [label, on] : arm.techniques) techniques.insert(label);
    for (const auto& [path, text] : arm.params) params.insert(path);
  }
  for (const RunRow& run : ablation.runs) {
    const Labelled<ScoreRecord>& scores = run.state.summary.scores;
    for (const auto& [label, score] : scores)
      if (scores.size() > 1) evaluators.insert(label);
  }
  return {listed(techniques), listed(params), listed(evaluators)};
}

std::vector<Column<RunRow>> run_columns(const Ablation& ablation, const VaryingNames& varying) {
  return RunColumns(ablation, varying).all();
}

TextTable runs_table(const Ablation& ablation) {
  return table_of(run_columns(ablation, varying_names(ablation)), ablation.runs);
}

}  // namespace caddie
