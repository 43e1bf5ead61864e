// SPDX-License-Identifier: Apache-2.0
// caddie data prepare makes training data from text; caddie data inspect shows what they hold.
#include <caddie/error.h>
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "base/console.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "data/inspect.h"
#include "data/prepare.h"
#include "plugin/registry.h"

namespace caddie {
namespace {

struct PrepareArguments {
  PrepareOptions options;
  std::string transform;
  bool json = false;
};

struct InspectDataArguments {
  std::string folder, tokenizer;
  bool json = false;
};

Json json_of(const PreparedSplit& split) {
  return {{"documents", split.documents},
          {"tokens", split.tokens},
          {"bytes", split.bytes},
          {"unknown_tokens", split.unknown},
          {"shards", split.shards}};
}

void print_json(const PrepareOptions& options, const PrepareResult& result) {
  Json json = {{"output", options.output.string()},
               {"already_done", result.already_done},
               {"pieces", result.pieces},
               {"train", json_of(result.train)},
               {"validation", json_of(result.validation)},
               {"duplicates_dropped", result.duplicates_dropped},
               {"invalid_documents", result.invalid_documents}};
  tell("{}\n", text_of(json, 2));
}

void print_split(const char* name, const PreparedSplit& split) {
  tell("{}: {} documents, {} tokens, {} bytes of text, {} shard(s)\n", name, with_commas(split.documents),
       with_commas(split.tokens), with_commas(split.bytes), split.shards);
}

void print_text(const PrepareOptions& options, const PrepareResult& result) {
  if (result.already_done)
    tell("{}: up to date, made from the same inputs and settings; nothing to do\n", options.output.string());
  print_split("train", result.train);
  print_split("validation", result.validation);
  tell("tokenizer: {} pieces\n", result.pieces);
  if (result.duplicates_dropped > 0)
    tell("left out of training: {} documents with the text of a validation document\n",
         with_commas(result.duplicates_dropped));
  if (result.invalid_documents > 0)
    tell("warning: {} documents are not valid UTF-8; their bad bytes became U+FFFD\n",
         with_commas(result.invalid_documents));
}

/// Says how much of the text the tokenizer cannot spell.
void warn_of_unknown(const PrepareResult& result) {
  int64_t unknown = result.train.unknown + result.validation.unknown;
  int64_t tokens = result.train.tokens + result.validation.tokens;
  if (unknown > 0)
    say_aside(fmt::format(
        "warning: {} of {} tokens ({:.2g} %) are unknown to the tokenizer and count no bytes, for it has "
        "no byte pieces; take one trained with byte_fallback",
        with_commas(unknown), with_commas(tokens), 100 * double(unknown) / double(tokens)));
}

void run_prepare(const PrepareArguments& arguments) {
  PrepareOptions options = arguments.options;
  Registry registry;
  if (!arguments.transform.empty())
    options.transform = {arguments.transform,
                         registry.make<TextTransform>(arguments.transform, "data prepare: --transform")};
  PrepareResult result = prepare(options);
  if (arguments.json)
    print_json(options, result);
  else
    print_text(options, result);
  warn_of_unknown(result);
}

void run_inspect_data(const InspectDataArguments& arguments) {
  FolderReport report = caddie::inspect(arguments.folder, arguments.tokenizer);
  if (arguments.json)
    tell("{}\n", to_json(report));
  else
    tell("{}", describe(report));
  check(report.problems.empty(), "{}: not what its manifest and tokenizer say; prepare it again",
        arguments.folder);
}

void add_prepare(CLI::App& data) {
  CLI::App* verb = data.add_subcommand("prepare", "turn text into shards, a tokenizer and a manifest");
  auto arguments = std::make_shared<PrepareArguments>();
  PrepareOptions& options = arguments->options;
  verb->add_option("--text", options.text,
                   "files or globs: UTF-8 text or JSON lines, plain, gzip, zstd or xz")
      ->required();
  verb->add_option("--output", options.output, "folder to make")->required();
  auto* vocab =
      verb->add_option("--vocab", options.vocab, "pieces of the tokenizer to train")->capture_default_str();
  verb->add_option("--tokenizer", options.tokenizer, "SentencePiece model to use instead of training one")
      ->excludes(vocab);
  verb->add_option("--validation-fraction", options.validation_fraction,
                   "share of each input's bytes to hold out, as whole documents at its end")
      ->capture_default_str();
  verb->add_option("--shard-tokens", options.shard_tokens, "tokens of a full shard")->capture_default_str();
  verb->add_option("--field", options.field, "field of a JSON line that holds the text")
      ->capture_default_str();
  verb->add_option("--transform", arguments->transform,
                   "plugin of kind text_transform that rewrites each document before it is tokenized");
  verb->add_flag("--json", arguments->json, "print the result as JSON");
  verb->callback([arguments] { run_prepare(*arguments); });
}

void add_inspect(CLI::App& data) {
  CLI::App* verb = data.add_subcommand("inspect", "tell what a folder of shards holds, and check its hashes");
  auto arguments = std::make_shared<InspectDataArguments>();
  verb->add_option("folder", arguments->folder, "folder of shards")->required();
  verb->add_option("--tokenizer", arguments->tokenizer,
                   "SentencePiece model, when the folder has no tokenizer.model");
  verb->add_flag("--json", arguments->json, "print JSON");
  verb->callback([arguments] { run_inspect_data(*arguments); });
}

}  // namespace

void add_data_command(CLI::App& app) {
  CLI::App* data = app.add_subcommand("data", "prepare training data, or look at it");
  data->require_subcommand(1);
  add_prepare(*data);
  add_inspect(*data);
}

}  // namespace caddie
