// SPDX-License-Identifier: Apache-2.0
// The program as a user runs it: from text to score, killed and continued, and told wrong things.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "support/laboratory.h"
#include "support/paths.h"

using namespace caddie;
using namespace caddie::testing;
namespace fs = std::filesystem;

namespace {

const Bits& undisturbed() {
  static Bits bits = [] {
    Outcome outcome = laboratory().run("undisturbed", "--threads 1");
    INFO(outcome.output);
    REQUIRE(outcome.code == 0);
    return bits_of(laboratory().folder("undisturbed"));
  }();
  return bits;
}

}  // namespace

TEST_CASE("a run goes from shards to the score of a reloaded artifact", "[end]") {
  undisturbed();
  fs::path folder = laboratory().folder("undisturbed");
  Json summary = Json::parse(read_file(folder / "summary.json"));
  CHECK(summary.at("status") == "done");
  CHECK(double(summary.at("val_bpb")) < 4.8);
  CHECK(double(summary.at("val_bpb")) == Approx(double(summary.at("val_bpb_avg"))).epsilon(0.02));
  CHECK(summary.at("artifact_bytes") == fs::file_size(folder / "artifact.bin"));
  CHECK(fs::exists(folder / "resolved.toml"));
  CHECK(Json::parse(read_file(folder / "run.json")).at("plugins").contains("ema"));
  CHECK(read_file(folder / "metrics.csv").find("val_bpb") != std::string::npos);
}

TEST_CASE("equal runs have equal bits, on any number of threads", "[end]") {
  for (int threads : {1, 2, 3}) {
    std::string name = fmt::format("threads{}", threads);
    REQUIRE(laboratory().run(name, fmt::format("--threads {}", threads)).code == 0);
    INFO(name);
    CHECK(bits_of(laboratory().folder(name)) == undisturbed());
  }
  REQUIRE(laboratory().run("other_seed", "--seed 7").code == 0);
  CHECK_FALSE(bits_of(laboratory().folder("other_seed")).weights == undisturbed().weights);
}

TEST_CASE("a killed training goes on to the same bits", "[end]") {
  fs::path folder = laboratory().folder("killed");
  std::vector<std::string> arguments = {
      "run", laboratory().experiment(),          "--output", folder, "--threads", "2",
      "-S",  "train.checkpoint_seconds=0.000001"};
  kill_when(arguments, [&] { return has_checkpoint(folder); });
  REQUIRE(has_checkpoint(folder));
  REQUIRE_FALSE(fs::exists(folder / "summary.json"));
  CHECK_THAT(shell("ls " + folder.string()).output, Catch::Contains("lost"));
  Outcome resumed = laboratory().run("killed", "-S train.checkpoint_seconds=0.000001");
  INFO(resumed.output);
  CHECK(resumed.code == 0);
  CHECK(resumed.output.find("going on from the checkpoint") != std::string::npos);
  CHECK(bits_of(folder) == undisturbed());
}

TEST_CASE("the discarded warm-up leaves a trace only in the optimizers that keep their state", "[end]") {
  REQUIRE(laboratory().run("warmed_up", "-S train.discarded_warmup_steps=3").code == 0);
  CHECK(bits_of(laboratory().folder("warmed_up")) == undisturbed());
  REQUIRE(laboratory()
              .run("kept", "-S train.discarded_warmup_steps=3 -S 'train.discarded_warmup_keeps=[\"token\"]'")
              .code == 0);
  CHECK_FALSE(bits_of(laboratory().folder("kept")).weights == undisturbed().weights);
}

TEST_CASE("further averages change no training, and selecting one on the validation text is flagged",
          "[end]") {
  std::string further = "-S 'train.averagers.slow={use=\"ema\",decay=0.999}'";
  REQUIRE(laboratory().run("further", further).code == 0);
  CHECK(bits_of(laboratory().folder("further")) == undisturbed());
  Outcome selected = laboratory().run("selected", further + " -S train.select_on_validation=true");
  REQUIRE(selected.code == 0);
  CHECK(selected.output.find("no longer a held-out score") != std::string::npos);
  Json summary = Json::parse(read_file(laboratory().folder("selected") / "summary.json"));
  CHECK(summary.at("selected_on_validation") == "raw");
  CHECK(double(summary.at("averages").at("slow")) > double(summary.at("val_bpb_raw")));
}

TEST_CASE("weights travel out and in under upstream's names", "[end]") {
  undisturbed();
  fs::path weights = laboratory().folder("exported.safetensors");
  CHECK(shell(fmt::format("export {} --weights {}", laboratory().folder("undisturbed").string(),
                          weights.string()))
            .code == 0);
  CHECK(read_file(weights).find("blocks.0.attn.c_q.weight") != std::string::npos);
  REQUIRE(
      laboratory().run("scored", fmt::format("--init-weights {} -S budget.steps=0", weights.string())).code ==
      0);
  Json first = Json::parse(read_file(laboratory().folder("undisturbed") / "summary.json"));
  Json second = Json::parse(read_file(laboratory().folder("scored") / "summary.json"));
  CHECK(double(second.at("val_bpb")) == double(first.at("val_bpb")));
}

TEST_CASE("a score is estimated from a part of the text, and never called a score", "[end]") {
  undisturbed();
  std::string run = laboratory().folder("undisturbed").string();
  Outcome part =
      shell(fmt::format("eval {0} --stride 8 --subset 0.9 --against {0} --json -S "
                        "evaluators.sliding_window.headline=true",
                        run));
  INFO(part.output);
  REQUIRE(part.code == 0);
  Json estimate = Json::parse(part.output).at("scores").at("sliding_window");
  CHECK_FALSE(estimate.contains("val_bpb"));
  CHECK(double(estimate.at("ci_low")) < double(estimate.at("val_bpb_estimate")));
  CHECK(double(estimate.at("val_bpb_estimate")) < double(estimate.at("ci_high")));
  CHECK(double(estimate.at("subset")) == 0.9);
  CHECK(int64_t(estimate.at("stretches")) >= 20);
  CHECK(int64_t(estimate.at("tokens")) < int64_t(estimate.at("of_tokens")));
  Json delta = estimate.at("against");
  CHECK(double(delta.at("delta_bpb_estimate")) == 0);
  CHECK(double(delta.at("ci_high")) == 0);

  Outcome small = shell(fmt::format("eval {} --subset 0.001", run));
  CHECK(small.code == 2);
  CHECK_THAT(small.output, Catch::Contains("an interval needs 20"));
  CHECK(shell(fmt::format("eval {0} --against {0}", run)).code == 2);
}

TEST_CASE("an artifact is scored again, under other evaluators too", "[end]") {
  undisturbed();
  fs::path run = laboratory().folder("undisturbed");
  Json summary = Json::parse(read_file(run / "summary.json"));
  Outcome again = shell(fmt::format("eval {} --json", run.string()));
  INFO(again.output);
  REQUIRE(again.code == 0);
  Json scores = Json::parse(again.output);
  CHECK(scores.at("headline") == "standard");
  Json standard = scores.at("scores").at("standard");
  CHECK(double(standard.at("val_bpb")) == double(summary.at("val_bpb")));
  for (const char* key : {"val_loss_nats", "tokens", "bytes", "windows", "seconds"})
    CHECK(double(standard.at(key)) > 0);

  std::string slide = "-S evaluators.sliding_window.headline=true", file = (run / "artifact.bin").string();
  Outcome slid = shell(fmt::format("artifact score {} {} --stride 8 --json", file, slide));
  INFO(slid.output);
  REQUIRE(slid.code == 0);
  Json sliding = Json::parse(slid.output).at("scores").at("sliding_window");
  CHECK(int64_t(sliding.at("windows")) > 3 * int64_t(standard.at("windows")));
  CHECK(int64_t(sliding.at("tokens")) == int64_t(standard.at("tokens")));
  Outcome apart =
      shell(fmt::format("eval {} --json -S evaluators.standard.isolate_documents=true", run.string()));
  CHECK(Json::parse(apart.output).at("scores").at("standard").at("tokens") == standard.at("tokens"));

  CHECK(shell(fmt::format("eval {} --stride 8", run.string())).code == 2);  // standard has none
  CHECK(shell(fmt::format("eval {} --evaluator slow", run.string())).code == 2);
  fs::path alone = laboratory().folder("alone.bin");
  write_file(alone, read_file(file));
  Outcome lost = shell(fmt::format("artifact score {}", alone.string()));
  CHECK(lost.code == 2);
  CHECK(lost.output.find("name its experiment with --experiment") != std::string::npos);
  CHECK(shell(fmt::format("artifact score {} --experiment {}/resolved.toml", alone.string(), run.string()))
            .code == 0);
}

TEST_CASE("trained weights become an artifact again, the same or another", "[end]") {
  undisturbed();
  fs::path run = laboratory().folder("undisturbed"), same = laboratory().folder("same.bin"),
           other = laboratory().folder("other.bin");
  Outcome written = shell(fmt::format("export {} --artifact {}", run.string(), same.string()));
  INFO(written.output);
  REQUIRE(written.code == 0);
  CHECK(read_file(same) == undisturbed().artifact);

  std::string changes =
      "-S export.quantizers.int8.use=gptq -S '~export.quantizers.int8.percentile' "
      "-S '~export.quantizers.int8.multiple' "
      "-S 'export.calibration={sequences=2,length=16}' "
      "-S 'export.pruners.magnitude={weights=[\"*\"],min_numel=100}' -S export.pack_bits=true ";
  auto write_other = [&](const std::string& more) {
    written =
        shell(fmt::format("export {} --artifact {} {} {}", run.string(), other.string(), changes, more));
    INFO(written.output);
    REQUIRE(written.code == 0);
    return read_file(other).size();
  };
  size_t limit = write_other("") - 100;
  std::string trimmer = "-S 'export.trimmers.selective_pruning.weights=[\"role:matrix\"]' ";
  CHECK(write_other(trimmer + fmt::format("-S budget.artifact_bytes={}", limit)) <= limit);
  CHECK(shell(fmt::format("eval {} --json", other.string())).code == 0);  // its settings lie beside it

  Outcome inspected = shell(fmt::format("artifact inspect {} --compare --json", other.string()));
  INFO(inspected.output);
  REQUIRE(inspected.code == 0);
  Json facts = Json::parse(inspected.output);
  CHECK(facts.at("layout") == "shuffled bytes, packed bits");
  CHECK(facts.at("alternatives").size() == 12);
  CHECK(facts.at("limit_bytes") == limit);
  Outcome wider = shell(fmt::format("artifact inspect {} --fast --limit 5000000 --json", other.string()));
  CHECK(Json::parse(wider.output).at("limit_bytes") == 5000000);
  bool bigram = false;
  for (const Json& group : facts.at("techniques")) bigram |= group.at("name") == "bigram_hash";
  CHECK(bigram);
  CHECK(shell(fmt::format("export {}", run.string())).code == 2);
}

TEST_CASE("a sweep killed again and again ends like an undisturbed one", "[end]") {
  write_file(laboratory().folder("sweep.toml"),
             "base = \"tiny.toml\"\nseeds = [1, 2]\n"
             "[design]\nkind = \"grid\"\n[[axis]]\ntoggle = \"trigram_hash\"\n");
  std::string file = laboratory().folder("sweep.toml");
  fs::path calm = laboratory().folder("calm"), stormy = laboratory().folder("stormy");
  Outcome first = shell(fmt::format("sweep {} --output {}", file, calm.string()));
  INFO(first.output);
  REQUIRE(first.code == 0);
  std::vector<std::string> arguments = {"sweep", file, "--output", stormy, "-j", "2"};
  for (const char* run : {"runs/baseline-s1/run.json", "runs/trigram_hash-s2/run.json"})
    kill_when(arguments, [&] { return fs::exists(stormy / run); });
  Outcome last = shell(fmt::format("sweep {} --output {} -j 2", file, stormy.string()));
  INFO(last.output);
  CHECK(last.code == 0);
  for (const char* run : {"baseline-s1", "baseline-s2", "trigram_hash-s1", "trigram_hash-s2"}) {
    INFO(run);
    CHECK(bits_of(stormy / "runs" / run) == bits_of(calm / "runs" / run));
  }
  CHECK(shell(fmt::format("table {}", stormy.string())).output.find("+trigram_hash") != std::string::npos);
  CHECK(fs::exists(stormy / "runs.csv"));
  CHECK(fs::exists(stormy / "ablation.csv"));
}

TEST_CASE("mistakes give one clear error and a non-zero exit", "[end]") {
  struct Mistake {
    const char* settings;
    int code;
    const char* says;
  };
  const Mistake kMistakes[] = {
      {"-S techniques.bigram_hash.bukets=3", 2, "did you mean 'buckets'"},
      {"-S model.layers=two", 2, "wanted an integer"},
      {"-S model.layers=0", 2, "from 1 to 1000"},
      {"-S techniques.bigram_hsh.buckets=3", 4, "there is no plugin 'bigram_hsh'"},
      {"-S model.heads=3", 2, "is no multiple of model.heads 3"},
      {"-S data.train=nowhere/*.bin", 1, "nowhere/*.bin"},
      {"-S model.vocabulary=100", 2, "420 pieces"},
      {"-S budget.artifact_bytes=1000 -S budget.steps=1", 1, "over the limit of 1,000"},
      {"--device cuda", 1, "cuda"},
      {"-S budget.steps=1 -S optimizers.scalar.lr=1e20 -S optimizers.token.lr=1e20", 1,
       "the score is not finite"},
  };
  int number = 0;
  for (const Mistake& mistake : kMistakes) {
    Outcome outcome = laboratory().run(fmt::format("mistake{}", number++), mistake.settings);
    INFO(mistake.settings << ": " << outcome.output);
    CHECK(outcome.code == mistake.code);
    CHECK(outcome.output.find(mistake.says) != std::string::npos);
  }
}

TEST_CASE("a folder whose run failed for its settings takes the corrected ones, that of a done run none",
          "[end]") {
  CHECK(laboratory().run("corrected", "-S budget.steps=1 -S budget.artifact_bytes=1000").code == 1);
  CHECK(laboratory().run("corrected", "-S budget.steps=1").code == 0);
  Outcome other = laboratory().run("corrected", "-S budget.steps=2");
  CHECK(other.code == 2);
  CHECK_THAT(other.output, Catch::Contains("holds a run with other settings"));
}

TEST_CASE("power without noise is a mistake in either form", "[end]") {
  CHECK(shell("power --sd 1 --seeds 1").code == 2);
  CHECK(shell("power --sd 1 --seeds 1 --json").code == 2);
  for (const char* number : {"nan", "inf", "-1", "0", "x"})
    CHECK(shell(std::string("power --sd ") + number).code == 2);
  CHECK(shell("test a:b c:d --margin nan").code == 2);
}

TEST_CASE("what the file system refuses is an error of the user's", "[end]") {
  std::string name(300, 'a');
  Outcome outcome = shell(fmt::format("diff {0} {0}", name));
  CHECK(outcome.code == 1);
  CHECK(outcome.output == fmt::format("error: {}/resolved.toml: File name too long\n", name));
}

TEST_CASE("the doctor tells what is there and what is wrong", "[end]") {
  auto doctor = [](const std::string& variables) {
    std::string command = variables + " " + kProgram + " doctor --json 2>/dev/null";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string text(1 << 16, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), pipe));
    return std::pair(WEXITSTATUS(::pclose(pipe)), Json::parse(text));
  };
  auto [well, found] = doctor("");
  CHECK(well == 0);
  for (const Json& finding : found) CHECK(finding.at("ok") == true);
  auto [ill, wrong] = doctor("RANK=0");
  CHECK(ill == 1);
  CHECK(wrong.back().at("ok") == false);
  CHECK(wrong.back().at("text").get<std::string>().find("WORLD_SIZE") != std::string::npos);
}

TEST_CASE("each way of being without effect is found and named", "[end]") {
  undisturbed();
  struct Void {
    const char *settings, *technique, *says;
  };
  const Void kVoids[] = {
      {"-S techniques.xsa.layers=none", "xsa", "its site was never visited in training"},
      {"-S techniques.bigram_hash.scale=0", "bigram_hash", "never got a gradient other than zero"},
      {"-S optimizers.scalar.lr=0", "smear_gate", "smear.gate did not move"},
      {"-S 'techniques.ln_scale={layers=[0]}'", "ln_scale", "the logits of a probe batch are the same"},
      {"-S 'techniques.qat={effect=\"inert\",weights=[\"role:matrix\"]}'", "qat",
       "leaves every weight as it is"},
      {"-S train.schedule.warmdown_steps=0", "train.schedule", "left the learning rates as they are"},
      {"-S 'data.sampler={use=\"sequence_length_schedule\",lengths=[32],until=[1]}'", "data.sampler",
       "what reading the text in its order gives"},
      {"-S 'train.averagers.late={use=\"ema\",decay=0}'", "train.averagers.late", "equals the raw weights"},
      {"-S optimizers.muon.lr=0", "optimizers.muon", "none of the weights that it steps moved"},
      {"-S 'export.quantizers.none={use=\"fp16\",weights=[\"numel>99999999\"]}'", "export.quantizers.none",
       "no weight of the model is one that it claims"},
      {"-S 'evaluators.wide={use=\"sliding_window\",stride=32}' -S evaluators.standard.headline=true",
       "evaluators.wide", "the same windows as a plain evaluation"},
  };
  int number = 0;
  for (const Void& planted : kVoids) {
    std::string name = fmt::format("void{}", number++);
    std::string settings =
        fmt::format("{} --store {}", planted.settings, laboratory().folder("voids").string());
    Outcome lenient = laboratory().run(name, settings);
    INFO(planted.settings << ": " << lenient.output);
    CHECK(lenient.code == 0);
    CHECK(lenient.output.find(fmt::format("warning: '{}' had no effect", planted.technique)) !=
          std::string::npos);
    CHECK(lenient.output.find(planted.says) != std::string::npos);
    Json summary = Json::parse(read_file(laboratory().folder(name) / "summary.json"));
    CHECK(summary.at("effect_check") == "no_effect");
    CHECK(laboratory().run(name, settings + " --fresh --strict").code == 1);
    std::string reason = Json::parse(read_file(laboratory().folder(name) / "summary.json")).at("fail_reason");
    INFO(reason);
    CHECK(reason.starts_with("no effect: "));
    CHECK(reason.find(fmt::format("{} (", planted.technique)) != std::string::npos);
    CHECK(reason.ends_with("); switch it off or allow it with --allow-no-effect"));
  }
  Outcome known = laboratory().run(
      "void_known",
      "--strict -S 'techniques.qat={effect=\"inert\",weights=[\"role:matrix\"],allow_no_effect=true}'");
  INFO(known.output);
  CHECK(known.code == 0);
  Json allowed = Json::parse(read_file(laboratory().folder("void_known") / "summary.json"));
  CHECK(allowed.at("effect_check") == "allowed_no_effect");
  Json honest = Json::parse(read_file(laboratory().folder("undisturbed") / "summary.json"));
  CHECK(honest.at("effect_check") == "ok");
}

TEST_CASE("damaged shards and foreign tokenizers are refused", "[end]") {
  fs::path shard = laboratory().data() / "train_000000.bin";
  std::string whole = read_file(shard);
  write_file(shard, whole.substr(0, whole.size() - 2));
  Outcome truncated = laboratory().run("truncated");
  write_file(shard, "no shard" + whole.substr(8));
  Outcome magic = laboratory().run("magic");
  write_file(shard, whole);
  CHECK(truncated.code != 0);
  CHECK(truncated.output.find("train_000000.bin") != std::string::npos);
  CHECK(magic.code != 0);
  CHECK(magic.output.find("20240520") != std::string::npos);
  Outcome foreign =
      laboratory().run("foreign", "-S data.tokenizer=" + data_file("spaces_bpe.model").string());
  CHECK(foreign.code != 0);
  CHECK(foreign.output.find("tokenizer") != std::string::npos);
}

TEST_CASE("a plugin built for another SDK is refused before its code runs", "[end]") {
  fs::path folder = laboratory().folder("foreign_plugins");
  std::string library = read_file(build_folder() / "lib/caddie/plugins/averagers/ema.so");
  const std::string entry = "caddie_plugin_";
  for (size_t at = 0; (at = library.find(entry, at)) != std::string::npos; at += entry.size())
    library.replace(at + entry.size(), 4, "0000");
  write_file(folder / "old_ema.so", library);
  Outcome outcome = shell(
      fmt::format("-h > /dev/null; CADDIE_PLUGINS={} {} run {} --output {} -S train.averager.use=old_ema",
                  folder.string(), kProgram, laboratory().experiment().string(),
                  laboratory().folder("old_plugin").string()));
  INFO(outcome.output);
  CHECK(outcome.code == 4);
  CHECK(outcome.output.find("was built for SDK 0000") != std::string::npos);
}

TEST_CASE("an unwritable results folder is one error", "[end]") {
  write_file(laboratory().folder("a_file"), "");
  Outcome outcome = laboratory().run("a_file/below");
  CHECK(outcome.code != 0);
  CHECK(outcome.output.find("cannot create the folder") != std::string::npos);
}
