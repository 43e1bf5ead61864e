// SPDX-License-Identifier: Apache-2.0
// The columns of runs.csv stand here. The table has one row for each run, with all that produced it.
#include <fmt/format.h>

#include <set>

#include "base/hash.h"
#include "base/text.h"
#include "report/cells.h"
#include "report/columns.h"
#include "report/sweep_tables.h"
#include "results/metrics.h"

namespace caddie {
namespace {

/// Returns a value of TOML as a cell: texts without their quotes.
std::string cell_of(const std::string& toml) {
  bool text = toml.size() >= 2 && toml.front() == '"' && toml.back() == '"';
  return text ? toml.substr(1, toml.size() - 2) : toml;
}

std::string cell_of(std::optional<int64_t> number) { return number ? std::to_string(*number) : ""; }

/// Returns the first 16 digits of a hash over part of a record; "" where the record does not have it.
template <class Part>
std::string short_hash(Part part) {
  Json json = json_fields::write(part);
  return json.empty() ? "" : sha256(text_of(json)).substr(0, 16);
}

/// Returns "name:hash name:hash", with the first 16 digits of each hash.
std::string plugins_text(const RunRecord& record) {
  std::string text;
  for (const auto& [name, hash] : record.plugins)
    text += (text.empty() ? "" : " ") + name + ":" + hash.substr(0, 16);
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

  /// Adds a column of what the record of a run tells; a run without one has empty cells.
  void add_recorded(const char* name, const char* help, std::string (*cell)(const RunRecord&)) {
    add(name, help,
        [=](const RunRow& run) { return run.state.record ? cell(*run.state.record) : std::string(); });
  }

  void add_identity() {
    add_recorded("run_id", "first 8 digits of the run's key: all that may change a result, and the seed",
                 [](const RunRecord& r) { return r.key.substr(0, 8); });
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
    add_recorded("git_sha", "commit of the source",
                 [](const RunRecord& r) { return r.git ? r.git->commit : ""; });
    add_recorded("git_dirty", "1 where the source differed from its commit",
                 [](const RunRecord& r) { return r.git ? std::string(switch_text(r.git->dirty)) : ""; });
    add_recorded("plugins_key", "hash over all plugins that the run opened",
                 [](const RunRecord& r) { return short_hash(r.plugins); });
    add_recorded("data_key", "hash over all data that the run read",
                 [](const RunRecord& r) { return short_hash(r.data); });
    add_recorded("host", "name of the machine", [](const RunRecord& r) { return r.machine.host; });
    add_recorded("gpu", "its accelerator; empty for none", [](const RunRecord& r) { return r.machine.gpu; });
    add_recorded("started_at", "when the run began, UTC", [](const RunRecord& r) { return r.started_at; });
    add_recorded("caddie_version", "version of the program",
                 [](const RunRecord& r) { return r.caddie_version; });
    add("training", "key of the training that the weights come from; arms that share one are compared on it",
        [](const RunRow& run) { return run.training(); });
    add_recorded("plugins", "each plugin with the first 16 digits of its file's SHA-256", plugins_text);
    add_recorded("data_train", "hash of the training text", [](const RunRecord& r) { return r.data.train; });
    add_recorded("data_validation", "hash of the validation text",
                 [](const RunRecord& r) { return r.data.validation; });
    add_recorded("data_tokenizer", "hash of the tokenizer",
                 [](const RunRecord& r) { return r.data.tokenizer; });
    add_recorded("engine", "hash of the program's core", [](const RunRecord& r) { return r.engine; });
    add_recorded("cpu", "model of the processor", [](const RunRecord& r) { return r.machine.cpu; });
    add_recorded("isa", "vector instructions that were used",
                 [](const RunRecord& r) { return r.machine.isa; });
    add_recorded("threads", "threads of each rank of the run",
                 [](const RunRecord& r) { return cell_of(r.machine.threads); });
    add_recorded("command", "command line of the run", [](const RunRecord& r) { return r.command; });
    add_recorded("ranks", "processes that trained together",
                 [](const RunRecord& r) { return cell_of(r.machine.ranks); });
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
