// SPDX-License-Identifier: Apache-2.0
// Trains the tokenizer: hands the documents to SentencePiece in lines that it does not skip.
#include <caddie/error.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/exit_code.h"
#include "base/text.h"
#include "data/tokenizer.h"

namespace caddie {
namespace {

constexpr size_t kLongestLine = 4000;  // SentencePiece skips lines of more than 4192 bytes.

/// Yields the lines of all documents, long ones cut at a space where there is one.
class Lines final : public sentencepiece::SentenceIterator {
 public:
  explicit Lines(const std::function<bool(std::string&)>& next) : next_(next) { Next(); }

  bool done() const override { return done_; }
  const std::string& value() const override { return line_; }
  sentencepiece::util::Status status() const override { return {}; }

  void Next() override {
    do {
      if (begin_ >= document_.size() && !next_document()) return;
      take_line();
    } while (line_.empty());
  }

 private:
  bool next_document() {
    begin_ = 0;
    done_ = !next_(document_);
    // Tabs would make SentencePiece skip the line, and zeros have no place in text.
    std::replace(document_.begin(), document_.end(), '\t', ' ');
    std::replace(document_.begin(), document_.end(), '\0', ' ');
    return !done_;
  }

  void take_line() {
    size_t end = std::min(document_.find('\n', begin_), document_.size());
    if (end - begin_ > kLongestLine) {
      size_t space = document_.rfind(' ', begin_ + kLongestLine);
      end = begin_ + kLongestLine;
      auto continues = [this](size_t at) { return (uint8_t(document_[at]) & 0xC0) == 0x80; };
      if (space != document_.npos && space > begin_) end = space;
      while (end > begin_ + 1 && continues(end)) --end;
    }
    line_ = document_.substr(begin_, end - begin_);
    begin_ = end < document_.size() && (document_[end] == '\n' || document_[end] == ' ') ? end + 1 : end;
  }

  const std::function<bool(std::string&)>& next_;
  std::string document_, line_;
  size_t begin_ = 0;
  bool done_ = false;
};

/// Returns how many pieces SentencePiece asks for when it refuses a smaller vocabulary ("300 vs 303"), else
/// 0.
int smallest_vocabulary(std::string_view message) {
  size_t versus =
      message.find("is smaller than required_chars") == message.npos ? message.npos : message.find(" vs ");
  return versus == message.npos ? 0 : std::atoi(std::string(message.substr(versus + 4)).c_str());
}

}  // namespace

std::string train_tokenizer(const std::function<bool(std::string&)>& next, int vocab,
                            const std::vector<std::string>& symbols) {
  std::unordered_map<std::string, std::string> settings = {
      {"model_type", "bpe"},
      {"vocab_size", std::to_string(vocab)},
      {"hard_vocab_limit", "false"},
      {"character_coverage", "0.999"},
      {"byte_fallback", "true"},
      {"split_digits", "true"},
      {"normalization_rule_name", "nmt_nfkc"},
      {"add_dummy_prefix", "false"},
      {"pad_id", "0"},
      {"bos_id", "1"},
      {"eos_id", "2"},
      {"unk_id", "3"},
      {"minloglevel", "2"},
  };
  if (!symbols.empty()) settings["user_defined_symbols"] = join(symbols, ",");
  Lines lines(next);
  check(!lines.done(), "tokenizer: no text to train on");
  std::string model;
  auto status = sentencepiece::SentencePieceTrainer::Train(settings, &lines, &model);
  if (int smallest = smallest_vocabulary(status.message()))
    fail_usage(
        "tokenizer: {} pieces are too few: 4 control ids, 256 bytes and the text's own characters need {}; "
        "choose --vocab {} or more",
        vocab, smallest, smallest);
  if (!status.ok()) fail_usage("tokenizer: cannot train {} pieces: {}", vocab, std::string(status.message()));
  return model;
}

}  // namespace caddie
