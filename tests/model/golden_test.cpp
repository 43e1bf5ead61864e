// SPDX-License-Identifier: Apache-2.0
// Tiny models whose losses, gradients and trainings are known to six digits, from upstream's model classes
// and from an independent float64 implementation. The weights follow a formula, so that nothing need be
// stored.
#include <catch2/catch.hpp>
#include <cmath>
#include <thread>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "experiment/experiment.h"
#include "tensor/same_bits.h"

using namespace caddie;

namespace {

constexpr double kLossTolerance = 3e-6;  // six printed digits, and float32 against float64

const std::string kBaseline = R"(
  data.sequence_length = 6
  model.vocabulary = 16
  model.layers = 3
  model.dim = 32
  model.heads = 4
  model.kv_heads = 2
  model.head.use = "tied"
  model.initializer.use = "default"
  model.activation.use = "relu_squared"
  techniques.qk_norm = {}
  techniques.rope = {}
  techniques.q_gain = {}
  techniques.resid_mix = {}
  techniques.layer_scale = {}
  techniques.unet_skips = {}
  techniques.logit_softcap = {}
  train.schedule.use = "constant"
  export = { quantizers.fp32.weights = ["*"], compressor.use = "zlib" }
  evaluators.standard = {}
)";

const std::vector<std::string> kOneOptimizer = {"optimizers.adamw.weights = ['*']"};
const std::vector<std::string> kG2 = {"model.mlp_mult = 3", "techniques.rope.base = 5e4",
                                      "techniques.smear_gate = { position = 'before_norm', gate_multiplies = "
                                      "'current', first = 'self', weight = 'smear_gate' }"};
const std::vector<std::string> kG3 = {"model.mlp_mult = 3", "techniques.smear_gate = {}",
                                      "techniques.bigram_hash = { buckets = 11, dim = 8 }"};

const std::vector<std::string> kT1 = {
    "optimizers.token = { use = 'adamw', weights = ['role:embedding'], lr = 0.05 }",
    "optimizers.muon = { weights = ['role:matrix'], lr = 0.04, momentum_start = 0.85, momentum = "
    "0.95, momentum_warmup_steps = 500 }",
    "optimizers.scalar = { use = 'adamw', weights = ['role:vector', 'role:scalar'], lr = 0.04 }"};

std::vector<std::string> operator+(std::vector<std::string> a, const std::vector<std::string>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

double centre_of(const std::string& name) {
  auto holds = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (holds("attn_scale") || holds("mlp_scale") || holds("skip_weight") || holds("ve_layer_scales")) return 1;
  return holds("q_gain") ? 1.5 : holds("resid_mix") ? 0.5 : 0;
}

void set_weights(Model& model) {
  WeightTable& weights = model.weights();
  std::vector<std::string> names;
  for (const WeightInfo& info : weights.infos()) names.push_back(info.name);
  std::sort(names.begin(), names.end());
  for (size_t n = 0; n < names.size(); ++n) {
    const Tensor& value = weights.value(weights.find(names[n]));
    double centre = centre_of(names[n]), amplitude = centre != 0 ? 0.1 : 0.25;
    for (int64_t i = 0; i < value.numel(); ++i) {
      double k = double(i + 1);
      value.data()[i] = float(centre + amplitude * std::sin(0.37 * k + 0.011 * k * k + 1.3 * double(n + 1)));
    }
  }
}

Experiment make(const std::vector<std::string>& changes) {
  Tree tree = Tree::parse(kBaseline, "golden");
  for (const std::string& change : changes) tree.override_with(change);
  static Registry registry;
  Experiment experiment = assemble(tree, registry, Device::kCpu);
  set_weights(*experiment.model);
  return experiment;
}

Batch the_batch() {
  return {.inputs = {1, 5, 9, 3, 14, 7, 2, 2, 11, 0, 15, 4},
          .targets = {5, 9, 3, 14, 7, 2, 2, 11, 0, 15, 4, 1},
          .rows = 2,
          .length = 6};
}

struct Golden {
  const char* name;
  std::vector<std::string> changes;
  int tensors;
  double loss, gradient_norm;
  std::vector<double> logits;  // [0][5][0..3]
};

void check_forward(const Golden& golden) {
  INFO(golden.name);
  Experiment experiment = make(golden.changes + kOneOptimizer);
  Model& model = *experiment.model;
  CHECK(model.weights().size() == golden.tensors);
  ViewedWeights views(model);
  views.refresh(Progress(), Mode::kTrain, true);
  GradientSum gradient(model, 1, 1024);
  Batch batch = the_batch();
  CHECK(gradient.run({&batch, 1}, views.values(), Progress()) ==
        Approx(golden.loss).epsilon(0).margin(kLossTolerance));
  views.pull(gradient.gradients());
  double squares = 0;
  for (const Tensor& g : gradient.gradients())
    if (g.defined()) squares += squared_norm(g);
  CHECK(std::sqrt(squares) == Approx(golden.gradient_norm).epsilon(3e-6));

  std::vector<Leaf> leaves = leaves_of(views.values());
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, false);
  Var logits = model.logits(place_ids(tape, batch.inputs.data(), 2, 6), Mode::kTrain, Progress());
  for (size_t i = 0; i < golden.logits.size(); ++i)
    CHECK(logits.data()[5 * 16 + i] == Approx(golden.logits[i]).epsilon(0).margin(1e-5));
}

void check_training(const std::vector<std::string>& changes, const std::vector<double>& losses) {
  Experiment experiment = make(changes);
  Trainer trainer(*experiment.model, experiment.optimizers, experiment.only<Schedule>(), experiment.train,
                  experiment.budget);
  Batch batch = the_batch();
  for (double loss : losses) CHECK(trainer.step({&batch, 1}).loss == Approx(loss).epsilon(0).margin(1e-5));
}

}  // namespace

TEST_CASE("tiny models give their known losses, gradients and logits", "[golden]") {
  std::vector<std::string> g4 =
      kG3 + std::vector<std::string>{"techniques.xsa.layers = 'last 2'", "techniques.rope.dims = 4",
                                     "techniques.ln_scale = {}",
                                     "techniques.value_embedding = { dim = 6, layers = '1,2' }"};
  std::vector<std::string> leaky = {"model.activation = { use = 'leaky_relu_squared', slope = 0.5 }"};
  std::vector<std::string> g6 =
      g4 + leaky +
      std::vector<std::string>{"techniques.gated_attention = {}", "techniques.value_residual.form = 'lambda'",
                               "techniques.trigram_hash = { buckets = 13, dim = 8 }"};
  std::vector<std::string> qat = {"techniques.qat = { form = 'int6_percentile', weights = ['role:matrix'] }"};
  const Golden kModels[] = {
      {"G1", {}, 32, 3.183077, 3.359675, {0.302849, -0.043088, -0.128900, -0.021089}},
      {"G2", kG2, 33, 3.166569, 2.443538, {-0.690987, 0.485383, 0.266934, 0.025805}},
      {"G2q", kG2 + qat, 33, 3.166933, 2.426339, {-0.706583, 0.472478, 0.287267, 0.038026}},
      {"G3", kG3, 36, 3.270326, 3.524583, {-1.314648, -0.308606, 1.383617, -1.892133}},
      {"G4", g4, 41, 3.407583, 3.058925, {-0.969965, 0.754227, 2.270575, -1.992289}},
      {"G5", g4 + leaky, 41, 3.468184, 3.282627, {-1.013164, 0.761131, 2.461272, -2.149798}},
      {"G6", g6, 53, 3.351121, 3.162114, {-1.079806, -0.205251, -1.734908, -0.428293}},
      {"G7", kG3 + leaky, 36, 3.310150, 3.959411, {-1.248762, -0.607681, 1.714322, -2.063089}},
  };
  for (const Golden& golden : kModels) check_forward(golden);
}

// From a forward pass in NumPy, in float64 with gradients by HIPS autograd, that gives the numbers of G1 too.
TEST_CASE("repeats with MLPs of their own give their known losses, gradients and logits", "[golden]") {
  const Golden kModels[] = {
      {"tied",
       {"techniques.depth_recurrence = {}"},
       32,
       3.331966,
       3.470684,
       {0.784465, -0.452456, -0.656075, -0.212298}},
      {"untied",
       {"techniques.depth_recurrence = { loops = 2, untie_mlps = true }"},
       40,
       3.254938,
       3.574056,
       {-0.016747, -0.566909, -0.378712, 0.569326}},
      {"with own vectors",
       {"techniques.depth_recurrence = { first = 0, last = 1, own_vectors = true, untie_mlps = true }"},
       44,
       3.222692,
       3.169350,
       {1.806409, -1.082276, 1.939798, -1.108483}},
  };
  for (const Golden& golden : kModels) check_forward(golden);
}

TEST_CASE("two ranks train like one, each on its half of the batch", "[golden]") {
  const std::vector<double> kLosses = {3.183077, 1.619501, 0.874021, 0.499940, 0.295743};
  const int kThreads = thread_count();
  set_thread_count(1);  // each rank is a thread of its own here
  std::vector<std::unique_ptr<Comm>> comms = make_thread_comms(2);
  std::vector<Experiment> ranks;
  for (int rank = 0; rank < 2; ++rank) ranks.push_back(make(kT1));
  std::vector<StepReport> reports[2];
  auto train = [&](size_t rank) {
    Experiment& e = ranks[rank];
    Trainer trainer(*e.model, e.optimizers, e.only<Schedule>(), e.train, e.budget, comms[rank].get());
    Batch whole = the_batch(), half{{}, {}, 1, 6};
    half.inputs.assign(whole.inputs.begin() + 6 * rank, whole.inputs.begin() + 6 * rank + 6);
    half.targets.assign(whole.targets.begin() + 6 * rank, whole.targets.begin() + 6 * rank + 6);
    for (size_t step = 0; step < kLosses.size(); ++step) reports[rank].push_back(trainer.step({&half, 1}));
  };
  std::thread other(train, 1);
  train(0);
  other.join();
  set_thread_count(kThreads);
  for (size_t step = 0; step < kLosses.size(); ++step) {
    CHECK(reports[0][step].loss == Approx(kLosses[step]).epsilon(0).margin(1e-5));
    CHECK(reports[0][step].tokens == 12);
    CHECK(reports[1][step].loss == reports[0][step].loss);
    CHECK(reports[1][step].seconds == reports[0][step].seconds);
  }
  const WeightTable &one = ranks[0].model->weights(), &two = ranks[1].model->weights();
  for (int i = 0; i < one.size(); ++i) {
    INFO(one.info(i).name);
    CHECK(same_bits(one.value(i), two.value(i)));
  }
}

TEST_CASE("tiny models train along their known losses", "[golden]") {
  SECTION("T1: momentum orthogonalized, Adam for the rest") {
    check_training(kT1, {3.183077, 1.619501, 0.874021, 0.499940, 0.295743});
  }
  SECTION("T2: normalized by the variance of each row, matrices decayed") {
    check_training(
        kG2 +
            std::vector<std::string>{
                "optimizers.token = { use = 'adamw', weights = ['role:embedding'], lr = 0.03 }",
                "optimizers.muon = { use = 'normuon', weights = ['role:matrix'], lr = 0.021, beta2 = 0.95, "
                "weight_decay = 0.02, momentum_start = 0.92, momentum = 0.99, momentum_warmup_steps = 1500 }",
                "optimizers.scalar = { use = 'adamw', weights = ['role:vector', 'role:scalar'], lr = 0.02 }"},
        {3.166569, 2.229206, 1.696783, 1.307269, 1.020580});
  }
  SECTION("T3: with decay of all weights and a clipped gradient") {
    check_training(
        kG3 +
            std::vector<std::string>{
                "optimizers.token = { use = 'adamw', weights = ['role:embedding'], lr = 0.03, weight_decay = "
                "0.04 }",
                "optimizers.muon = { weights = ['role:matrix'], lr = 0.02, momentum_start = 0.92, momentum = "
                "0.99, momentum_warmup_steps = 1500, weight_decay = 0.04 }",
                "optimizers.scalar = { use = 'adamw', weights = ['role:vector', 'role:scalar'], lr = 0.02, "
                "weight_decay = 0.04 }",
                "train.clip_norm = 0.3"},
        {3.270326, 2.266265, 1.569066, 1.105590, 0.820359});
  }
}
