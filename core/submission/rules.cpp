// SPDX-License-Identifier: Apache-2.0
// Each section of a rules file declares its keys once; tables whose keys are names are read name by name.
#include "submission/rules.h"

#include <algorithm>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/text.h"
#include "config/path.h"
#include "plugin/toolchain.h"

namespace caddie {
namespace {

constexpr int64_t kMostBytes = int64_t(1) << 50;
constexpr double kMostSeconds = 1e9;

/// Reads a table whose keys are names of the file's author; each value is read into its variable.
template <class T>
void read_named(Tree& tree, const std::string& path, const char* help, const Range& range,
                std::map<std::string, T>& values) {
  for (const std::string& name : tree.children(path))
    tree.read(path, [&](Settings& s) { s(name.c_str(), values[name], help, range); });
}

void read_significance(Tree& tree, Rules& rules) {
  if (!tree.is_table("significance")) return;
  SignificanceRules& asked = rules.significance.emplace();
  tree.read("significance", [&](Settings& s) { asked.settings(s); });
  if (tree.has("significance.target"))
    tree.read("significance", [&](Settings& s) {
      s("target", asked.target.emplace(), "loss that the mean must lie below, in nats per token",
        at_least(0));
    });
  if (asked.test == "one_sample" && !asked.target)
    tree.fail_at("significance", "a one_sample test needs a target, in nats per token");
  if (asked.test != "one_sample" && asked.target)
    tree.fail_at("significance.target", "only the test one_sample has a target");
}

/// Returns the files of rules that are shipped, by their names.
std::map<std::string, std::filesystem::path> shipped_rules() {
  std::map<std::string, std::filesystem::path> found;
  for (const auto& entry : entries_of(toolchain().rules))
    if (entry.path().extension() == ".toml") found[entry.path().stem().string()] = entry.path();
  return found;
}

}  // namespace

void ByteRules::settings(Settings& s) {
  s("limit_bytes", limit_bytes, "most bytes of code and weights, decimal; 0 asks nothing",
    between(0, double(kMostBytes)));
  s("artifacts", artifacts, "globs of the files in the folder that hold the weights");
  s("code", code, "globs of the files in the folder whose bytes count as code");
}

void TimeRules::settings(Settings& s) {
  s("train_seconds", train_seconds, "most seconds of training; 0 asks nothing", between(0, kMostSeconds));
  s("train_slack_seconds", train_slack_seconds, "by how much the step in which the time is up may pass it",
    between(0, kMostSeconds));
  s("eval_seconds", eval_seconds, "most seconds of the evaluation that counts; 0 asks nothing",
    between(0, kMostSeconds));
  s("beat_record", beat_record, "whether the mean training time must be below the record's");
}

void RunRules::settings(Settings& s) {
  s("min_runs", min_runs, "fewest finished runs", between(1, 100000));
  s("min_seeds", min_seeds, "fewest distinct seeds among them; 0 asks nothing", between(0, 100000));
  s("same_settings", same_settings, "whether the runs may differ in nothing but the seed");
}

void SignificanceRules::settings(Settings& s) {
  s("test", test,
    "one-sided: satterthwaite (Welch's test as SciPy and R compute it), welch, or one_sample against target",
    one_of("satterthwaite", "welch", "one_sample"));
  s("alpha", alpha, "level that p must lie below", between(1e-9, 0.49));
  s("margin_nats", margin_nats, "how much lower the loss must be at least, in nats per token",
    between(0, 1000));
  s("record", record, "losses of the record's runs in nats per token, where --against names no folder",
    at_least(0));
}

void ValidationRules::settings(Settings& s) {
  s("whole", whole, "whether all of the validation text must be scored");
  s("right_bytes", right_bytes, "whether bytes per token must be those of the tokenizer");
  s("bytes_tolerance", bytes_tolerance, "share by which bytes per token may differ", between(0, 1));
  s("tokens", tokens, "tokens of the validation text; 0 for those that are known of the tokenizer",
    between(0, double(kMostBytes)));
}

void EvaluationRules::settings(Settings& s) {
  s("score_first", score_first, "whether text may be learned from only after its score stands");
  s("single_pass", single_pass, "whether each token may be scored once only");
}

void DataRules::settings(Settings& s) {
  s("same_data", same_data, "whether all runs must have read the same data");
  s("overlap", overlap, "whether validation text must not be in the training text");
  s("ngram_tokens", ngram_tokens, "tokens of the n-grams that are looked for", between(4, 4096));
  s("samples", samples, "how many n-grams of the validation text are looked for", between(1, 10000000));
  s("seed", seed, "seed of the choice of n-grams", at_least(0));
  s("overlap_share", overlap_share, "share of them that may be in the training text", between(0, 1));
}

void HardwareRules::settings(Settings& s) {
  s("gpus", gpus, "how many GPUs; 0 asks nothing", between(0, 1e6));
  s("gpu", gpu, "glob of the GPU's name; an empty one asks nothing");
}

void FormRules::settings(Settings& s) {
  s("files", files, "globs of files that must be there, alternatives with | between");
  s("claims", claims, "whether score and sizes in submission.json must be those of the logs");
}

Rules read_rules(const std::filesystem::path& file) {
  Tree tree = Tree::load(file);
  Rules rules;
  rules.file = file;
  rules.name = file.stem().string();
  tree.read("", [&](Settings& s) {
    s("title", rules.title, "what the contest is called");
    s("source", rules.source, "where the rules were published, and as of when");
  });
  tree.read("bytes", [&](Settings& s) { rules.bytes.settings(s); });
  tree.read("time", [&](Settings& s) { rules.time.settings(s); });
  tree.read("runs", [&](Settings& s) { rules.runs.settings(s); });
  read_significance(tree, rules);
  tree.read("validation", [&](Settings& s) { rules.validation.settings(s); });
  tree.read("evaluation", [&](Settings& s) { rules.evaluation.settings(s); });
  tree.read("data", [&](Settings& s) { rules.data.settings(s); });
  read_named(tree, "data.shards", "training shards that are published for this tokenizer", at_least(1),
             rules.data.shards);
  tree.read("hardware", [&](Settings& s) { rules.hardware.settings(s); });
  tree.read("form", [&](Settings& s) { rules.form.settings(s); });
  read_named(tree, "form.fields", "names that this field of submission.json may have", any(),
             rules.form.fields);
  tree.check_all_read();
  return rules;
}

std::filesystem::path rules_file(const std::string& named) {
  if (std::filesystem::is_regular_file(named)) return named;
  std::map<std::string, std::filesystem::path> shipped = shipped_rules();
  if (auto found = shipped.find(named); found != shipped.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [name, file] : shipped) names.push_back(name);
  fail_usage("--rules {}: there is no such file, and no rules of this name are shipped{}", named,
             suggestion(named, names));
}

}  // namespace caddie
