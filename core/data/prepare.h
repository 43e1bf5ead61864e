// SPDX-License-Identifier: Apache-2.0
// Turns text into shards: a tokenizer, a split by document into train and validation, and a manifest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/split_writer.h"
#include "data/transform.h"

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
  NamedTransform transform;            // what rewrites each document, if anything does
  bool quiet = false;                  // leaves out the progress on stderr
};

/// Returns the command line that asks for these options; the manifest notes it.
std::string command_of(const PrepareOptions& options);

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
/// With a transform each document is rewritten before the tokenizer sees it, once it is shown that its text
/// comes back from what is written, and each validation shard gets a byte sidecar, val_bytes_%06d.bin.
///
/// All is written to "<output>.partial" and renamed when complete. Memory holds one document, the hashes of
/// the validation documents and, while a tokenizer is trained, its sample of the text. Throws Error when the
/// output folder holds anything else than the result of the same inputs and settings, the tokenizer counts
/// more bytes than the text has or lacks a symbol of the transform, or a document does not come back.
PrepareResult prepare(const PrepareOptions& options);

}  // namespace caddie
