// SPDX-License-Identifier: Apache-2.0
// caddie verify FOLDER holds a submission to the rules of a contest, and prints a checklist with evidence.
#include <caddie/error.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/console.h"
#include "base/exit_code.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "submission/checklist.h"
#include "sweep/folders.h"

namespace caddie {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSpeedrunRules = "modded_nanogpt";

struct VerifyArguments {
  std::string folder, rules, arm, against;
  fs::path data;
  int threads = 0;
  bool strict = false, json = false;
};

/// Returns the folder that is named: one that exists, else that of a sweep in results/.
fs::path folder_named(const std::string& named) {
  return fs::exists(named) ? fs::path(named) : sweep_folder(named);
}

/// Takes the runs of the record that is to be beaten: of FOLDER, or of an arm as FOLDER:ARM.
void take_record(const std::string& named, SubmissionFacts& facts) {
  size_t colon = fs::exists(named) ? std::string::npos : named.rfind(':');
  std::string arm = colon == std::string::npos ? "" : named.substr(colon + 1);
  SubmissionFacts record = gather_evidence(folder_named(named.substr(0, colon)), arm);
  facts.record = std::move(record.runs);
  facts.record_name = named;
  if (finished_of(facts.record).empty()) fail_usage("--against {}: no run there is finished", named);
}

/// Returns the rules that are named, or where none are those of the contest whose logs these look like.
Rules chosen_rules(const VerifyArguments& arguments, const SubmissionFacts& facts) {
  if (!arguments.rules.empty()) return read_rules(rules_file(arguments.rules));
  const char* usual = is_speedrun(facts) ? kSpeedrunRules : kUsualRules;
  say_aside(message("no --rules: those of {} are taken", {usual}));
  return read_rules(rules_file(usual));
}

/// Says how many checks speak against the submission.
std::string what_is_missing(const Checklist& checklist) {
  size_t failed = checklist.count(RuleVerdict::not_met), open = checklist.count(RuleVerdict::not_shown);
  if (failed > 0) return message("{} check{} not met", {failed, failed == 1 ? " is" : "s are"});
  return message("{} check{} not shown to be met", {open, open == 1 ? " is" : "s are"});
}

void verify_verb(const VerifyArguments& arguments) {
  start_threads(arguments.threads);
  SubmissionFacts facts = gather_evidence(folder_named(arguments.folder), arguments.arm);
  Rules rules = chosen_rules(arguments, facts);
  if (!arguments.against.empty()) take_record(arguments.against, facts);
  const DataRules& data = rules.data;
  if (data.overlap)
    gather_overlap(facts, arguments.data, {data.ngram_tokens, data.samples, uint64_t(data.seed)});
  else if (!arguments.data.empty())
    fail_usage("--data: {} ask nothing of the data's overlap; set data.overlap there", rules.file.string());
  Checklist checklist = checklist_of(rules, facts);
  if (arguments.json)
    tell("{}\n", text_of(json_of(checklist, rules, facts, arguments.strict), 2));
  else
    tell("{}", text_of(checklist, rules, facts));
  std::fflush(stdout);  // The error comes behind what it is about.
  if (checklist.passes(arguments.strict)) return;
  throw Error(what_is_missing(checklist), kClaimNotMet);
}

}  // namespace

void add_verify_command(CLI::App& app) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* verb = app.add_subcommand("verify", "hold a submission to a contest's rules, with evidence");
  verb->add_option("folder", arguments->folder,
                   "a record's folder, a folder of logs, one that caddie import made, or a sweep")
      ->required();
  verb->add_option("--rules", arguments->rules,
                   "rules file (TOML), or the name of one that is shipped: parameter_golf_2026, "
                   "parameter_golf_2026_leaderboard, modded_nanogpt; by default what the logs look like");
  verb->add_option("--arm", arguments->arm, "arm of a sweep, or of logs as caddie import groups them");
  verb->add_option("--against", arguments->against,
                   "the record to beat: a folder of its logs, a sweep or an import, or an arm as FOLDER:ARM");
  verb->add_option("--data", arguments->data,
                   "folder with shards of training and validation, to look for text that is in both");
  verb->add_option("--threads", arguments->threads, "threads; by default one a core")->check(side_by_side());
  verb->add_flag("--strict", arguments->strict, "also exit with 3 when something is not shown");
  verb->add_flag("--json", arguments->json, "print the checklist as JSON");
  verb->callback([arguments] { verify_verb(*arguments); });
}

}  // namespace caddie
