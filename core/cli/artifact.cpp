// SPDX-License-Identifier: Apache-2.0
// caddie artifact inspect FILE tells where the bytes of an artifact go. caddie artifact score is added in
// eval.cpp.
#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>

#include "base/console.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/numbers.h"
#include "cli/verbs.h"
#include "results/run_folder.h"
#include "run/inspect_artifact.h"

namespace caddie {
namespace {

struct InspectArguments {
  InspectRequest request;
  bool json = false;
};

Json json_of(const ByteGroup& group) {
  Json json = {{"name", group.name},
               {"parameters", group.parameters},
               {"raw_bytes", group.raw_bytes},
               {"packed_bytes", group.packed_bytes},
               {"entropy_bytes", group.entropy_bytes}};
  if (group.compressed_bytes > 0) json["compressed_alone_bytes"] = group.compressed_bytes;
  return json;
}

Json json_of(std::span<const ByteGroup> groups) {
  Json all = Json::array();
  for (const ByteGroup& group : groups) all.push_back(json_of(group));
  return all;
}

void print_json(const std::string& file, const Inspection& inspection) {
  const FileAccount& account = inspection.account;
  Json groups = json_of(account.by_name), alternatives = Json::array();
  for (size_t i = 0; i < groups.size(); ++i) groups[i]["share"] = account.share(account.by_name[i]);
  for (const CodecResult& a : inspection.alternatives)
    alternatives.push_back(
        {{"compressor", a.compressor}, {"layout", a.layout}, {"bytes", a.bytes}, {"seconds", a.seconds}});
  Json json = {{"file", file},
               {"bytes", account.file_bytes},
               {"code_bytes", inspection.code_bytes},
               {"limit_bytes", inspection.limit},
               {"headroom_bytes", inspection.headroom()},
               {"compressor", inspection.compressor},
               {"layout", inspection.layout},
               {"tensors", inspection.tensors},
               {"total", json_of(account.all)},
               {"groups", groups},
               {"quantizers", json_of(account.by_quantizer)}};
  if (!account.by_technique.empty()) json["techniques"] = json_of(account.by_technique);
  if (!alternatives.empty()) json["alternatives"] = alternatives;
  tell("{}\n", text_of(json, 2));
}

void print_group(const FileAccount& account, const ByteGroup& group, size_t width) {
  tell("{:<{}} {:>12} {:>13} {:>13} {:>6.2f} {:>6.1f}%\n", group.name, width, with_commas(group.parameters),
       with_commas(group.packed_bytes), with_commas(std::llround(group.entropy_bytes)),
       account.bits_per_weight(group), 100 * account.share(group));
}

void print_groups(std::string_view what, std::span<const ByteGroup> groups) {
  for (const ByteGroup& group : groups)
    tell("{} {}: {} parameters, {} packed bytes, entropy {}\n", what, group.name,
         with_commas(group.parameters), with_commas(group.packed_bytes),
         with_commas(std::llround(group.entropy_bytes)));
}

void print_by_name(const FileAccount& account) {
  size_t width = std::string("weights").size();
  for (const ByteGroup& group : account.by_name) width = std::max(width, group.name.size());
  tell("{:<{}} {:>12} {:>13} {:>13} {:>6} {:>7}\n", "weights", width, "parameters", "packed bytes", "entropy",
       "bits", "share");
  for (const ByteGroup& group : account.by_name) print_group(account, group, width);
  print_group(account, account.all, width);
  tell("\nentropy: order-0 bound in bytes; bits: of the file, for each weight; share: {}\n",
       account.measured ? "of the sum when each row is compressed alone" : "of the entropy");
}

void print_text(const std::string& file, const Inspection& inspection) {
  const FileAccount& account = inspection.account;
  tell("{}: {} tensors, compressed with {}, {}\n\n", file, inspection.tensors, inspection.compressor,
       inspection.layout);
  print_by_name(account);
  print_groups("technique", account.by_technique);
  print_groups("quantizer", account.by_quantizer);
  for (const CodecResult& a : inspection.alternatives)
    tell("{:<8} {:<28} {:>13} bytes {:>+12} {:>8.1f} s\n", a.compressor, a.layout, with_commas(a.bytes),
         a.bytes - account.file_bytes, a.seconds);
  int64_t headroom = inspection.headroom();
  tell("{} bytes of artifact + {} of code: {} {} the limit of {}\n", with_commas(account.file_bytes),
       with_commas(inspection.code_bytes), with_commas(std::abs(headroom)), headroom < 0 ? "over" : "under",
       with_commas(inspection.limit));
}

void inspect_verb(const InspectArguments& arguments) {
  StatusLine status(arguments.json);
  Inspection inspection = inspect_artifact(arguments.request, status);
  std::string file = arguments.request.file.string();
  if (arguments.json)
    print_json(file, inspection);
  else
    print_text(file, inspection);
}

}  // namespace

void add_artifact_command(CLI::App& app) {
  CLI::App* artifact = app.add_subcommand("artifact", "look into an artifact");
  artifact->require_subcommand(1);
  add_score_command(*artifact);
  CLI::App* verb = artifact->add_subcommand("inspect", "where the bytes of an artifact go");
  auto arguments = std::make_shared<InspectArguments>();
  verb->add_option("file", arguments->request.file, "artifact")->required();
  verb->add_option("--limit", arguments->request.limit,
                   "bytes that artifact and code may have together; by default those of the experiment")
      ->check(zero_or_more());
  verb->add_option("--code-bytes", arguments->request.code_bytes,
                   "bytes of code that count; by default those of the experiment")
      ->check(zero_or_more());
  verb->add_option("--experiment", arguments->request.experiment,
                   "experiment that the artifact comes from; by default resolved.toml beside it");
  verb->add_flag("--compare", arguments->request.compare,
                 "also compress it with every compressor, plain, with shuffled bytes and with packed bits");
  verb->add_flag("--fast", arguments->request.fast, "take shares from the entropy, compress nothing");
  verb->add_flag("--json", arguments->json, "print JSON");
  verb->callback([arguments] { inspect_verb(*arguments); });
}

}  // namespace caddie
