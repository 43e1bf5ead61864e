// SPDX-License-Identifier: Apache-2.0
#include "cli/artifact.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/console.h"
#include "base/files.h"
#include "base/stopwatch.h"
#include "base/text.h"
#include "experiment/experiment.h"
#include "export/account.h"
#include "plugin/registry.h"

namespace caddie {
namespace {

struct InspectArguments {
  std::filesystem::path file, experiment;
  int64_t limit = -1, code_bytes = -1;  // below 0: as the experiment says
  bool fast = false, compare = false, json = false;
};

/// The file that another compressor or layout would make.
struct Alternative {
  std::string compressor, layout;
  int64_t bytes = 0;
  double seconds = 0;
};

/// What is told about a file: its tensors by name with layers together, by the technique that declared them
/// where the experiment is known, and by quantizer.
struct Inspection {
  int64_t file_bytes = 0, limit = kArtifactLimit, code_bytes = 0;
  int64_t headroom() const { return limit - code_bytes - file_bytes; }
  size_t tensors = 0;
  std::string compressor, layout;
  bool measured = false;  // shares come from compressing each group, not from its entropy
  std::vector<ByteGroup> by_name, by_technique, by_quantizer;
  std::vector<Alternative> alternatives;
};

std::string text_of(const Layout& layout) {
  std::string text = layout.shuffle_bytes ? "shuffled bytes" : "";
  if (layout.pack_bits) text += text.empty() ? "packed bits" : ", packed bits";
  return text.empty() ? "plain" : text;
}

/// Every compressor with its default settings on every layout that can matter.
std::vector<Alternative> compare(Artifact artifact, Registry& registry, bool quiet) {
  constexpr Layout kLayouts[] = {{false, false}, {true, false}, {true, true}};
  std::vector<Alternative> alternatives;
  StatusLine status(quiet);
  for (const PluginFile& file : registry.files()) {
    if (registry.open(file.name, "compare").entry->kind != Kind::kCompressor) continue;
    auto compressor = registry.make<Compressor>(file.name, "compare");
    artifact.compressor = file.name;
    for (const Layout& layout : kLayouts) {
      artifact.layout = layout;
      status.show(fmt::format("{}, {}", file.name, text_of(layout)));
      Stopwatch clock;
      auto bytes = int64_t(encode(artifact, *compressor).size());
      alternatives.push_back({file.name, text_of(layout), bytes, clock.seconds()});
    }
  }
  std::stable_sort(alternatives.begin(), alternatives.end(),
                   [](const Alternative& a, const Alternative& b) { return a.bytes < b.bytes; });
  return alternatives;
}

Inspection inspect(const InspectArguments& arguments) {
  std::string bytes = read_file(arguments.file);
  Registry registry;
  std::unique_ptr<Compressor> compressor;
  auto find = [&](const std::string& name) -> const Compressor& {
    compressor = registry.make<Compressor>(name, arguments.file.string());
    return *compressor;
  };
  Artifact artifact = decode(bytes, find);
  Compressor* measure = arguments.fast ? nullptr : compressor.get();
  auto quantizer_of = [](const ArtifactTensor& tensor) { return tensor.quantizer; };
  Inspection found;
  found.file_bytes = int64_t(bytes.size());
  found.tensors = artifact.tensors.size();
  found.compressor = artifact.compressor;
  found.layout = text_of(artifact.layout);
  found.measured = measure != nullptr;
  found.by_name = account(artifact, group_by_name, measure);
  found.by_quantizer = account(artifact, quantizer_of, nullptr);
  std::filesystem::path beside = experiment_beside(arguments.file, arguments.experiment);
  if (!beside.empty()) {
    Experiment experiment = load_experiment(beside, {}, registry, Device::kCpu);
    found.by_technique = account(artifact, group_by_owner(experiment.model->weights().infos()), nullptr);
    found.limit = experiment.budget.artifact_bytes;
    found.code_bytes = experiment.budget.code_bytes;
  }
  if (arguments.limit >= 0) found.limit = arguments.limit;
  if (arguments.code_bytes >= 0) found.code_bytes = arguments.code_bytes;
  if (arguments.compare) found.alternatives = compare(std::move(artifact), registry, arguments.json);
  return found;
}

/// The group's share of the file.
double share(const Inspection& inspection, const ByteGroup& group, const ByteGroup& all) {
  double part = inspection.measured ? double(group.compressed_bytes) : group.entropy_bytes;
  double whole = inspection.measured ? double(all.compressed_bytes) : all.entropy_bytes;
  return whole > 0 ? part / whole : 0;
}

double bits_per_weight(double bytes, int64_t parameters) {
  return parameters > 0 ? 8 * bytes / double(parameters) : 0;
}

nlohmann::ordered_json json_of(const ByteGroup& group) {
  nlohmann::ordered_json json = {{"name", group.name},
                                 {"parameters", group.parameters},
                                 {"raw_bytes", group.raw_bytes},
                                 {"packed_bytes", group.packed_bytes},
                                 {"entropy_bytes", group.entropy_bytes}};
  if (group.compressed_bytes > 0) json["compressed_alone_bytes"] = group.compressed_bytes;
  return json;
}

void print_json(const InspectArguments& arguments, const Inspection& inspection) {
  nlohmann::ordered_json groups = nlohmann::ordered_json::array(), quantizers = groups, techniques = groups,
                         alternatives = groups;
  ByteGroup all = total(inspection.by_name);
  for (const ByteGroup& group : inspection.by_name) {
    groups.push_back(json_of(group));
    groups.back()["share"] = share(inspection, group, all);
  }
  for (const ByteGroup& group : inspection.by_quantizer) quantizers.push_back(json_of(group));
  for (const ByteGroup& group : inspection.by_technique) techniques.push_back(json_of(group));
  for (const Alternative& a : inspection.alternatives)
    alternatives.push_back(
        {{"compressor", a.compressor}, {"layout", a.layout}, {"bytes", a.bytes}, {"seconds", a.seconds}});
  nlohmann::ordered_json json = {{"file", arguments.file.string()},
                                 {"bytes", inspection.file_bytes},
                                 {"code_bytes", inspection.code_bytes},
                                 {"limit_bytes", inspection.limit},
                                 {"headroom_bytes", inspection.headroom()},
                                 {"compressor", inspection.compressor},
                                 {"layout", inspection.layout},
                                 {"tensors", inspection.tensors},
                                 {"total", json_of(all)},
                                 {"groups", groups},
                                 {"quantizers", quantizers}};
  if (!techniques.empty()) json["techniques"] = techniques;
  if (!alternatives.empty()) json["alternatives"] = alternatives;
  fmt::print("{}\n", json.dump(2));
}

void print_group(const Inspection& inspection, const ByteGroup& group, const ByteGroup& all, size_t width) {
  double part = share(inspection, group, all);
  fmt::print("{:<{}} {:>12} {:>13} {:>13} {:>6.2f} {:>6.1f}%\n", group.name, width,
             with_commas(group.parameters), with_commas(group.packed_bytes),
             with_commas(int64_t(group.entropy_bytes + 0.5)),
             bits_per_weight(part * double(inspection.file_bytes), group.parameters), 100 * part);
}

void print_groups(std::string_view what, std::span<const ByteGroup> groups) {
  for (const ByteGroup& group : groups)
    fmt::print("{} {}: {} parameters, {} packed bytes, entropy {}\n", what, group.name,
               with_commas(group.parameters), with_commas(group.packed_bytes),
               with_commas(int64_t(group.entropy_bytes + 0.5)));
}

void print_alternatives(const Inspection& inspection) {
  for (const Alternative& a : inspection.alternatives)
    fmt::print("{:<8} {:<28} {:>13} bytes {:>+12} {:>8.1f} s\n", a.compressor, a.layout, with_commas(a.bytes),
               a.bytes - inspection.file_bytes, a.seconds);
}

void print_text(const InspectArguments& arguments, const Inspection& inspection) {
  fmt::print("{}: {} tensors, compressed with {}, {}\n\n", arguments.file.string(), inspection.tensors,
             inspection.compressor, inspection.layout);
  size_t width = std::string("weights").size();
  for (const ByteGroup& group : inspection.by_name) width = std::max(width, group.name.size());
  fmt::print("{:<{}} {:>12} {:>13} {:>13} {:>6} {:>7}\n", "weights", width, "parameters", "packed bytes",
             "entropy", "bits", "share");
  ByteGroup all = total(inspection.by_name);
  for (const ByteGroup& group : inspection.by_name) print_group(inspection, group, all, width);
  print_group(inspection, all, all, width);

  fmt::print("\nentropy: order-0 bound in bytes; bits: of the file, for each weight; share: {}\n",
             inspection.measured ? "of the sum when each row is compressed alone" : "of the entropy");
  print_groups("technique", inspection.by_technique);
  print_groups("quantizer", inspection.by_quantizer);
  print_alternatives(inspection);
  int64_t headroom = inspection.headroom();
  fmt::print("{} bytes of artifact + {} of code: {} {} the limit of {}\n", with_commas(inspection.file_bytes),
             with_commas(inspection.code_bytes), with_commas(std::abs(headroom)),
             headroom < 0 ? "over" : "under", with_commas(inspection.limit));
}

void run_inspect(const InspectArguments& arguments) {
  Inspection inspection = inspect(arguments);
  if (arguments.json)
    print_json(arguments, inspection);
  else
    print_text(arguments, inspection);
}

}  // namespace

void add_artifact_command(CLI::App& app) {
  CLI::App* artifact = app.add_subcommand("artifact", "look into an artifact");
  artifact->require_subcommand(1);
  add_score_commands(app, *artifact);
  CLI::App* verb = artifact->add_subcommand("inspect", "where the bytes of an artifact go");
  auto arguments = std::make_shared<InspectArguments>();
  verb->add_option("file", arguments->file, "artifact")->required();
  verb->add_option("--limit", arguments->limit,
                   "bytes that artifact and code may have together; by default those of the experiment")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--code-bytes", arguments->code_bytes,
                   "bytes of code that count; by default those of the experiment")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--experiment", arguments->experiment,
                   "what the artifact is of; by default resolved.toml beside it");
  verb->add_flag("--compare", arguments->compare,
                 "also compress it with every compressor, plain, with shuffled bytes and with packed bits");
  verb->add_flag("--fast", arguments->fast, "take shares from the entropy, compress nothing");
  verb->add_flag("--json", arguments->json, "print JSON");
  verb->callback([arguments] { run_inspect(*arguments); });
}

}  // namespace caddie
