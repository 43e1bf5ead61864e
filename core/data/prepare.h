// SPDX-License-Identifier: Apache-2.0
// Turns text into shards: a tokenizer, a split by document into train and validation, and a manifest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace caddie {

/// Says what to make of which text.
struct PrepareOptions {
  std::vector<std::string> text;       // files or globs of text or JSON lines, plain or compressed
  std::filesystem::path output;        // the folder to make
  int vocab = 1024;                    // the number of pieces of the tokenizer to train
  std::filesystem::path tokenizer;     // a model to use instead of training one
  double validation_fraction = 0.02;   // the share of the text's bytes to hold out, in [0, 1)
  int64_t shard_tokens = 100'000'000;  // the tokens that a full shard has
  std::string field = "text";          // the field of a JSON line that holds the text
  bool quiet = false;                  // leaves out the progress on stderr
};

/// Returns the command line that asks for these options; the manifest notes it.
std::string command_of(const PrepareOptions& options);

/// Counts what one split holds. Its bytes are those of the text as the tokens spell it.
struct PreparedSplit {
  int64_t documents = 0, tokens = 0, bytes = 0, shards = 0;
  int64_t unknown = 0;  // tokens that say only that the tokenizer cannot spell something; they have no bytes
  int64_t overcount = 0;  // the bytes that the tokens count beyond those of their text
};

/// Tells what prepare() made.
struct PrepareResult {
  bool already_done = false;  // The folder held the same data, and nothing was written.
  PreparedSplit train, validation;
  int64_t duplicates_dropped = 0;  // training documents left out because validation holds the same text
  int64_t invalid_documents = 0;   // documents that are not valid UTF-8; their bad bytes become U+FFFD
  int pieces = 0;
};

/// Writes train_%06d.bin, val_%06d.bin, tokenizer.model and manifest.json into options.output.
///
/// Validation is the tail of each input: its last documents, as many as fit into the fraction of its bytes;
/// what is left of one input's share goes to the next, so of many one-document files whole files are held
/// out. A tail leaks less than scattered documents do, because neighbours (paragraphs of one chapter) stay on
/// one side, and every source is represented. A training document with the text of a validation document is
/// dropped. The tokenizer sees training documents only.
///
/// All is written to "<output>.partial" and renamed when complete. Memory holds one document, the hashes of
/// the validation documents and, while a tokenizer is trained, its sample of the text. Throws Error when the
/// output folder holds anything else than the result of the same inputs and settings, or the tokenizer counts
/// more bytes than the text has.
PrepareResult prepare(const PrepareOptions& options);

}  // namespace caddie
