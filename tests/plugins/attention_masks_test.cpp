// SPDX-License-Identifier: Apache-2.0
// Attention masks: which positions are seen, by hand; and models whose documents or windows are apart,
// against the same models on the parts alone.
#include <catch2/catch.hpp>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "support/plugins.h"
#include "support/scored_losses.h"
#include "support/small_model.h"

using namespace caddie;
using namespace caddie::testing;

namespace {

using Numbers = std::vector<int32_t>;

/// What a mask answers for tokens [rows, length].
Numbers first_seen(const char* name, const Values& settings, const Numbers& tokens, int64_t rows,
                   const Numbers& documents = {}) {
  ModelShape model{.layers = 1, .width = 8, .heads = 1, .kv_heads = 1, .head_size = 8, .sequence_length = 10};
  PluginHost host(name, settings, model);
  Tape tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start({}, false);
  auto length = int64_t(tokens.size()) / rows;
  TestForward forward(model, {tokens.data(), rows, length});
  if (!documents.empty()) forward.documents = {documents.data(), rows, length};
  Ids first = host.as<AttentionMask>().first_seen(forward);
  return {first.data, first.data + first.numel()};
}

/// The logits of one sequence, flat.
std::vector<float> logits_of(Model& model, const Numbers& tokens, const Numbers& documents = {}) {
  std::vector<Leaf> leaves = leaves_of(model.weights().values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  auto length = int64_t(tokens.size());
  Ids cuts = documents.empty() ? Ids() : place_ids(tape, documents.data(), 1, length);
  Var z = model.logits(place_ids(tape, tokens.data(), 1, length), Mode::kEvaluate,
                       TrainingPass{Progress(), 0, nullptr, cuts});
  return {z.data(), z.data() + z.value().numel()};
}

Experiment model_with(std::vector<std::string> changes) {
  Experiment experiment = small_experiment(changes);
  fill_by_name(*experiment.model);
  return experiment;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
  return largest;
}

/// 140 tokens; a document begins at 0 and at 77.
Numbers two_documents() {
  Numbers tokens;
  for (int i = 0; i < 140; ++i) tokens.push_back(i == 0 || i == 77 ? 1 : 2 + i * 7 % 29);
  return tokens;
}

}  // namespace

TEST_CASE("document_mask: from the token that starts a document, or as the batch says", "[plugins]") {
  const Numbers tokens = {5, 6, 1, 7, 1, 1, 1, 8, 9, 1, 4, 4};
  CHECK(first_seen("document_mask", {}, tokens, 1) == Numbers{0, 0, 2, 2, 4, 5, 6, 6, 6, 9, 9, 9});
  CHECK(first_seen("document_mask", {}, tokens, 2) == Numbers{0, 0, 2, 2, 4, 5, 0, 0, 0, 3, 3, 3});
  // Documents of 2, 2, 1, 1, 3 and 3 tokens: the last two are cut behind their second token.
  CHECK(first_seen("document_mask", {{"longest", 2.0}}, tokens, 1) ==
        Numbers{0, 0, 2, 2, 4, 5, 6, 6, 8, 9, 9, 11});
  CHECK(first_seen("document_mask", {{"bos_id", 6.0}}, tokens, 3) ==
        Numbers{0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0});
  const Numbers told = {0, 0, 0, 3, 3, 3, 0, 1, 1, 1, 1, 1};
  CHECK(first_seen("document_mask", {}, tokens, 2, told) == told);
}

TEST_CASE("local_attention: the last positions, a quarter of a training sequence if not told", "[plugins]") {
  const Numbers tokens(10);
  CHECK(first_seen("local_attention", {{"positions", 1.0}}, tokens, 2) ==
        Numbers{0, 1, 2, 3, 4, 0, 1, 2, 3, 4});
  CHECK(first_seen("local_attention", {{"positions", 4.0}}, tokens, 1) ==
        Numbers{0, 0, 0, 0, 1, 2, 3, 4, 5, 6});
  CHECK(first_seen("local_attention", {}, tokens, 1) == Numbers{0, 0, 0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("documents of a row do not see each other under document_mask", "[plugins]") {
  for (const char* around :
       {"techniques.qk_norm = {}", "techniques.depth_recurrence = {}", "techniques.two_lanes = {}"}) {
    INFO(around);
    Experiment experiment = model_with({"techniques.document_mask = {}", around});
    const Numbers tokens = two_documents();
    std::vector<float> both = logits_of(*experiment.model, tokens), parts;
    for (auto [begin, end] : {std::pair(0, 77), std::pair(77, 140)}) {
      std::vector<float> part = logits_of(*experiment.model, {tokens.begin() + begin, tokens.begin() + end});
      parts.insert(parts.end(), part.begin(), part.end());
    }
    CHECK(largest_difference(both, parts) < 1e-4);
    Numbers whole(140);
    CHECK(largest_difference(logits_of(*experiment.model, tokens, whole), parts) > 1e-2);
  }
}

TEST_CASE("a window in every layer bounds how far back a model looks", "[plugins]") {
  const char* local = "techniques.local_attention.positions = 10";
  Experiment everywhere = model_with({local}),
             below = model_with({local, "techniques.local_attention.layers = '0,1'"});
  const Numbers tokens = two_documents();
  Numbers other = tokens;
  other[50] = 30;
  auto first_change = [&](Experiment& experiment) {
    std::vector<float> a = logits_of(*experiment.model, tokens), b = logits_of(*experiment.model, other);
    return std::pair(std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin(),
                     a.rend() - std::mismatch(a.rbegin(), a.rend(), b.rbegin()).first);
  };
  // Four layers look 4 x 9 positions back, so the last position that sees position 50 is 86.
  CHECK(first_change(everywhere) == std::pair<std::ptrdiff_t, std::ptrdiff_t>(50 * 31, 87 * 31));
  CHECK(first_change(below).second > 139 * 31);
}

TEST_CASE("masked models are scored to the same bits whole and in part", "[plugins]") {
  Experiment experiment = model_with({"techniques.document_mask = {}", "techniques.depth_recurrence = {}",
                                      "techniques.local_attention = { positions = 40, layers = 'last 2' }"});
  Model& model = *experiment.model;
  Numbers tokens = two_documents();
  CHECK(scored_losses(model, tokens, 130, true, 130) == scored_losses(model, tokens, 0, false, 130));
}

TEST_CASE("gradients do not cross documents", "[plugins]") {
  Experiment experiment =
      model_with({"techniques.document_mask = {}", "techniques.local_attention.positions = 20"});
  Model& model = *experiment.model;
  auto gradients = [&](const Numbers& inputs, const Numbers& targets, const Numbers& documents) {
    GradientSum sum(model, 1, 1024);
    Batch batch{inputs, targets, 1, int64_t(inputs.size()), documents};
    sum.run({&batch, 1}, model.weights().values(), Progress());
    std::vector<std::vector<double>> all;
    for (const Tensor& gradient : sum.gradients()) {
      all.emplace_back();
      for (int64_t i = 0; gradient.defined() && i < gradient.numel(); ++i)
        all.back().push_back(double(gradient.data()[i]) * double(inputs.size()));
    }
    return all;
  };
  Numbers tokens = two_documents(), targets(tokens.begin() + 1, tokens.end());
  targets.push_back(3);
  auto part = [](const Numbers& of, int begin, int end) {
    return Numbers(of.begin() + begin, of.begin() + end);
  };
  auto whole = gradients(tokens, targets, {}), one = gradients(part(tokens, 0, 77), part(targets, 0, 77), {}),
       two = gradients(part(tokens, 77, 140), part(targets, 77, 140), {});
  for (size_t i = 0; i < whole.size(); ++i) {
    INFO(model.weights().info(int(i)).name);
    double difference = 0, norm = 0;
    for (size_t e = 0; e < whole[i].size(); ++e) {
      difference += std::pow(whole[i][e] - one[i][e] - two[i][e], 2);
      norm += std::pow(whole[i][e], 2);
    }
    CHECK(std::sqrt(difference) <= 1e-4 * std::sqrt(norm));
  }
  // A batch that cuts elsewhere is obeyed.
  Numbers same(140, 0);
  std::fill(same.begin() + 77, same.end(), 77);
  CHECK(gradients(tokens, targets, same) == whole);
  CHECK(gradients(tokens, targets, Numbers(140)) != whole);
}

TEST_CASE("masks that cannot be meant are refused or remarked on", "[plugins]") {
  ModelShape model{.sequence_length = 100};
  Shapes shapes{model, {}, 1000, 0, 10};
  auto mask = make_plugin<AttentionMask>("document_mask");
  CHECK_THROWS_WITH(mask->validate(shapes), Catch::Contains("marks no documents"));
  shapes.documents = 5;
  shapes.start_token = 2;
  CHECK_THROWS_WITH(mask->validate(shapes), Catch::Contains("set bos_id = 2"));
  shapes.start_token = 1;
  CHECK_NOTHROW(mask->validate(shapes));
  CHECK_THAT(make_plugin<AttentionMask>("local_attention", {{"positions", 100.0}})->remark(shapes),
             Catch::Contains("a whole sequence of 100 tokens"));
  CHECK(make_plugin<AttentionMask>("local_attention")->remark(shapes).empty());
}
