// SPDX-License-Identifier: Apache-2.0
// Each part is a function; a part without facts says which are missing.
#include "submission/submission_readme.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/text.h"
#include "import/read_submission.h"
#include "report/cells.h"
#include "report/table.h"
#include "results/run_folder.h"

namespace caddie {
namespace {

constexpr int kScoreDecimals = 6, kTimeDecimals = 1;

/// Declares one column of the table of seeds.
struct SeedColumn {
  std::string head;
  int decimals;
  std::function<double(const SeedRun&)> number;

  std::string cell(double value) const { return decimals == 0 ? commas(value) : rounded(value, decimals); }
};

SeedColumn of_metric(std::string head, int decimals, const Metric& metric) {
  return {std::move(head), decimals, [&metric](const SeedRun& run) { return run.number(metric); }};
}

/// Returns a column for each evaluator whose scores no other column shows.
std::vector<SeedColumn> evaluator_columns(const ArmFacts& facts) {
  std::vector<SeedColumn> columns;
  for (const auto& [name, first] : facts.runs.front().summary.scores) {
    auto score = [label = name](const SeedRun& run) {
      for (const auto& [other, found] : run.summary.scores)
        if (other == label) return found.bpb;
      return kUnknown;
    };
    bool is_shown = std::all_of(facts.runs.begin(), facts.runs.end(), [&](const SeedRun& run) {
      return score(run) == run.number(kBpb) || score(run) == run.number(kBpbQuantized);
    });
    if (!is_shown) columns.push_back({std::string(kBpb.name) + " " + name, kScoreDecimals, score});
  }
  return columns;
}

/// Returns the columns that some run has a number for.
std::vector<SeedColumn> seed_columns(const ArmFacts& facts) {
  std::vector<SeedColumn> columns = {of_metric("steps", 0, kSteps),
                                     of_metric("ms/step", kTimeDecimals, kStepMs),
                                     of_metric("pre-quant val_bpb", kScoreDecimals, kBpbAveraged),
                                     of_metric("post-quant val_bpb", kScoreDecimals, kBpbQuantized)};
  for (SeedColumn& column : evaluator_columns(facts)) columns.push_back(std::move(column));
  for (SeedColumn& column : std::vector<SeedColumn>{
           of_metric("val_bpb", kScoreDecimals, kBpb), of_metric("val_loss", kScoreDecimals, kLossNats),
           of_metric("artifact bytes", 0, kArtifactBytes), of_metric("train s", kTimeDecimals, kTrainSeconds),
           of_metric("eval s", kTimeDecimals, kEvaluationSeconds)})
    columns.push_back(std::move(column));
  std::erase_if(columns, [&](const SeedColumn& column) {
    return std::none_of(facts.runs.begin(), facts.runs.end(),
                        [&](const SeedRun& run) { return std::isfinite(column.number(run)); });
  });
  return columns;
}

/// Returns the mean and the SD of a column, which are not known unless every run has its number.
Sample summary_of(const SeedColumn& column, const ArmFacts& facts) {
  std::vector<double> values;
  for (const SeedRun& run : facts.runs) values.push_back(column.number(run));
  bool complete =
      std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
  return complete ? summarize(values) : Sample();
}

TextTable seed_table(const ArmFacts& facts) {
  std::vector<SeedColumn> columns = seed_columns(facts);
  TextTable table{{"seed"}, {}};
  for (const SeedRun& run : facts.runs) table.rows.push_back({std::to_string(run.seed)});
  table.rows.push_back({"Mean"});
  table.rows.push_back({"SD"});
  for (const SeedColumn& column : columns) {
    table.head.push_back(column.head);
    for (size_t i = 0; i < facts.runs.size(); ++i)
      table.rows[i].push_back(column.cell(column.number(facts.runs[i])));
    Sample sample = summary_of(column, facts);
    table.rows[facts.runs.size()].push_back(column.cell(sample.mean));
    table.rows[facts.runs.size() + 1].push_back(column.cell(sample.sd));
  }
  table.left = "l";
  return table;
}

std::string title(const ArmFacts& facts) {
  if (!facts.words.name.empty()) return escape_markdown(facts.words.name);
  return escape_markdown(facts.row.arm->label + " of " + facts.sweep);
}

std::string summary_line(const ArmFacts& facts) {
  const Metric& score = facts.score == kBpb.name ? kBpb : kLossNats;
  Sample sample = facts.sample(score);
  std::string text = fmt::format("**{} {}**", score == kBpb ? kBpb.name : "val_loss", fixed(sample.mean, 5));
  text += sample.n > 1 ? fmt::format(" (SD {}, n = {} seeds)", fixed(sample.sd, 5), sample.n)
                       : std::string(" (one seed, so no SD)");
  if (Sample loss = facts.sample(kLossNats); score == kBpb && std::isfinite(loss.mean))
    text += fmt::format(", val_loss {}", fixed(loss.mean, 5));
  if (const std::optional<int64_t>& bytes = facts.largest_run().summary.artifact_bytes)
    text += fmt::format(", {} bytes at most", with_commas(*bytes));
  return text + ".\n";
}

std::string seeds_part(const ArmFacts& facts) {
  std::string text =
      "## Seeds\n\n" + seed_table(facts).markdown() +
      "\nSD is that of a sample (n - 1). Bytes are those of the model and the code together.\n";
  if (facts.has_artifact)
    text += fmt::format("\n`{}` is the artifact of seed {}, the one with the median score: {} bytes.\n",
                        kArtifactFile, facts.chosen_run().seed,
                        with_commas(facts.chosen_run().summary.model_bytes.value_or(0)));
  else
    text +=
        "\nThere is no artifact here: the runs were made by another program, and Caddie has their logs "
        "alone.\n";
  return text;
}

/// Returns "= .0123" or "< .0001".
std::string p_relation(double p) {
  std::string text = p_text(p);
  return text.starts_with('<') ? "< " + text.substr(1) : "= " + text;
}

/// Returns what the sweep's own test says of the arm.
std::string test_text(const ArmFacts& facts) {
  const ArmRow& row = facts.row;
  if (row.is_fact())
    return fmt::format("{} is the same in every run of either arm, so its difference needs no test",
                       facts.metric);
  if (!row.is_tested()) return "there is no test of it, which takes two seeds or more";
  double p = row.race ? row.tested.p : row.p_adjusted;
  std::string text =
      fmt::format("p {} by the sweep's test ({}, of {}", p_relation(p), row.tested.test, facts.metric);
  if (!row.race && facts.correction != "none")
    text += ", corrected for all of its arms by " + facts.correction;
  return text + fmt::format("), which is {} at alpha {:g}",
                            row.significant ? "significant" : "not significant", facts.alpha);
}

std::string comparison_part(const ArmFacts& facts) {
  std::string text = "## Against the baseline\n\n";
  const ArmRow& row = facts.row;
  if (row.is_baseline)
    return text + "This arm is the baseline that the sweep's other arms are compared with.\n";
  text += fmt::format("{} minus {}: {} {}", escape_markdown(row.arm->label), escape_markdown(facts.baseline),
                      signed_fixed(row.shown.delta, 5), facts.score);
  if (std::string interval = interval_text(row.shown.low, row.shown.high); !interval.empty())
    text += fmt::format(", {:g}% interval {}", 100 * facts.confidence, interval);
  if (std::isfinite(row.delta_nats) && facts.score == kBpb.name)
    text += fmt::format("; {} nats per token", signed_fixed(row.delta_nats, 5));
  return text + "; " + test_text(facts) + ".\n";
}

/// Returns the sweep's table under a heading of its own instead of that of a whole page.
std::string ablation_part(const ArmFacts& facts) {
  constexpr std::string_view kHeading = "# ";
  return "## Ablation: " + facts.table.substr(facts.table.starts_with(kHeading) ? kHeading.size() : 0);
}

std::string command_of(const SeedRun& run) {
  std::string text = fmt::format("caddie run {} --seed {}", kExperimentFile, run.seed);
  if (!run.record.machine.gpu.empty()) text += " --device cuda";
  if (int64_t ranks = run.record.machine.ranks.value_or(1); ranks > 1)
    text += fmt::format(" --ranks {}", ranks);
  return text + "\n";
}

std::string commands_part(const ArmFacts& facts) {
  std::string text = "## Commands\n\n";
  if (facts.is_imported())
    return text + fmt::format(
                      "Caddie read these runs from logs and did not make them; `{}` has the settings that "
                      "the logs print. `caddie import .` reads the logs again.\n",
                      kForeignSettingsFile);
  text += fmt::format(
      "`{}` has every setting, with where its value came from. Paths of data in it are relative to the "
      "folder that a command is given in.\n\n```sh\n",
      kExperimentFile);
  for (const SeedRun& run : facts.runs) text += command_of(run);
  return text + "caddie import .   # reads the numbers of the logs again\n```\n";
}

std::string plugins_text(const SeedRun& run) {
  std::vector<std::string> texts;
  for (const auto& [name, hash] : run.record.plugins) texts.push_back(fmt::format("{} `{}`", name, hash));
  return join(texts, ", ");
}

std::string commit_text(const SeedRun& run) {
  const RunRecord& record = run.record;
  if (record.caddie_version.empty() && !record.git) return "";
  std::string text = record.caddie_version;
  if (record.git && !record.git->commit.empty())
    text += fmt::format("{}commit `{}`{}", text.empty() ? "" : ", ", record.git->commit,
                        record.git->dirty ? ", with changes" : "");
  return text;
}

std::string data_hashes_text(const SeedRun& run) {
  const DataRecord& data = run.record.data;
  std::vector<std::string> texts;
  for (const auto& [name, hash] :
       {std::pair("training", &data.train), std::pair("validation", &data.validation),
        std::pair("tokenizer", &data.tokenizer)})
    if (!hash->empty()) texts.push_back(fmt::format("{} `{}`", name, *hash));
  return join(texts, ", ");
}

std::string environment_part(const ArmFacts& facts) {
  std::string text = "## Environment\n\n";
  auto add = [&](const char* name, const std::string& value) {
    text += fmt::format("- {}: {}\n", name, value.empty() ? "not known" : value);
  };
  add("hardware", escape_markdown(facts.hardware()));
  add("system", facts.system);
  add("Caddie", facts.distinct(commit_text));
  add("compiler", facts.compiler);
  add("engine", facts.distinct([](const SeedRun& run) {
    return run.record.engine.empty() ? "" : "`" + run.record.engine + "`";
  }));
  add("plugins", facts.distinct(plugins_text));
  add("data", facts.distinct(data_hashes_text));
  return text;
}

std::string contest_part(const ArmFacts& facts) {
  TextTable table{{"asked", "these runs", "what they show"}, {}, "lll"};
  for (const auto& [name, finding] : facts.checklist.lines)
    table.rows.push_back(
        {finding.asked, std::string(name_of(finding.verdict)), join(finding.evidence, "; ")});
  return fmt::format("## What the contest asks\n\nThe rules are those of {}.\n\n{}", facts.contest,
                     table.markdown());
}

std::string code_text(const ArmFacts& facts) {
  std::string text;
  for (const auto& [name, bytes] : facts.code)
    text += fmt::format("- `{}`: code, {} bytes\n", name, with_commas(bytes));
  if (!text.empty() || facts.is_imported()) return text;
  return fmt::format(
      "- no code: the model's code is Caddie's and its plugins', of the hashes above, and is counted "
      "with {} bytes, the setting `budget.code_bytes`\n",
      with_commas(facts.largest_run().summary.code_bytes.value_or(0)));
}

std::string files_part(const ArmFacts& facts) {
  std::string text = "## Files\n\n";
  text += fmt::format("- `{}`: the numbers above for programs; its bytes are those of the largest seed\n",
                      kSubmissionFile);
  for (const SeedRun& run : facts.runs)
    text += fmt::format("- `{}`: {}\n", log_name(run.seed),
                        run.is_imported() ? "the text that was imported"
                                          : "what the run measured, in the lines of upstream's script");
  text += fmt::format("- `{}`: the settings\n", facts.is_imported() ? kForeignSettingsFile : kExperimentFile);
  if (facts.has_artifact) text += fmt::format("- `{}`: the compressed model\n", kArtifactFile);
  return text + code_text(facts);
}

}  // namespace

std::string submission_readme(const ArmFacts& facts) {
  std::string text = "# " + title(facts) + "\n\n" + summary_line(facts);
  if (!facts.words.blurb.empty()) text += "\n" + escape_markdown(facts.words.blurb) + "\n";
  for (const std::string& part :
       {seeds_part(facts), comparison_part(facts), ablation_part(facts), commands_part(facts),
        environment_part(facts), contest_part(facts), files_part(facts)})
    text += "\n" + part;
  return text;
}

}  // namespace caddie
