// SPDX-License-Identifier: Apache-2.0
// Looks whether members of a plugin are constant while it works on several threads. In passes through a model
// all threads wait for each other at every site: what one of them leaves in a member is there when the next
// one comes to the same site, and before any of them goes on.
#include "laws/looks.h"

#include <caddie/blend.h>
#include <caddie/parallel.h>
#include <caddie/random.h>

#include <atomic>
#include <exception>
#include <thread>

#include "autograd/place_ids.h"
#include "autograd/thread_tape.h"
#include "laws/plain_parts.h"
#include "laws/samples.h"
#include "tensor/same_bits.h"

namespace caddie {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 6;

/// Sets the number of threads for as long as it lives.
class Threads {
 public:
  explicit Threads(int count) : before_(thread_count()) { set_thread_count(count); }
  ~Threads() { set_thread_count(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Lets no thread go on from a site before all have come to it.
class Lockstep final : public SiteListener {
 public:
  void see(const SitePlace&, std::span<const Var>) override { wait(); }
  void wait() {
    if (!on_ || given_up_) return;
    int turn = turn_.load();
    if (waiting_.fetch_add(1) + 1 == kThreads) {
      waiting_ = 0;
      turn_.store(turn + 1);
      return;
    }
    while (turn_.load() == turn && !given_up_) std::this_thread::yield();
  }
  void begin() {
    waiting_ = 0;
    given_up_ = false;
    on_ = true;
  }
  /// Lets all go on, since one of them will come to no further site.
  void give_up() { given_up_ = true; }
  void end() { on_ = false; }

 private:
  std::atomic<bool> on_ = false, given_up_ = false;
  std::atomic<int> waiting_ = 0, turn_ = 0;
};

/// Calls body(i) for each thread, all of them at once.
template <class Body>
void all_at_once(Lockstep& lockstep, Body body) {
  lockstep.begin();
  std::exception_ptr thrown[kThreads];
  parallel_for(kThreads, [&](int i) {
    try {
      lockstep.wait();
      body(i);
    } catch (...) {
      thrown[i] = std::current_exception();
    }
    // Behind its last site no other thread has to wait for this one.
    lockstep.give_up();
  });
  lockstep.end();
  for (const std::exception_ptr& one : thrown)
    if (one) std::rethrow_exception(one);
}

/// Returns the gradients of a training pass over a micro-batch and the logits of an evaluation of it, with a
/// name for each.
std::vector<Tensor> passes_over(Model& model, int micro_batch) {
  const Batch batch = sample_batch(micro_batch);
  std::vector<Tensor> made;
  std::vector<Leaf> leaves;
  for (const Tensor& value : model.weights().values()) {
    made.emplace_back(value.shape());
    leaves.push_back({value, made.back().data(), false, nullptr});
  }
  Tape& tape = thread_tape(Device::kCpu);
  Tape::Scope scope(tape);
  tape.start(leaves, true);
  Ids inputs = place_ids(tape, batch.inputs.data(), batch.rows, batch.length);
  Ids targets = place_ids(tape, batch.targets.data(), batch.rows, batch.length);
  TrainingPass at;
  at.micro_batch = micro_batch;
  model.add_gradients(inputs, targets, Mode::kTrain, at, 1);
  std::vector<Leaf> plain = leaves_of(model.weights().values());
  tape.start(plain, false);
  inputs = place_ids(tape, batch.inputs.data(), batch.rows, batch.length);
  made.push_back(clone(model.logits(inputs, Mode::kEvaluate, Progress()).value()));
  tape.start({}, false);
  return made;
}

void look_at_passes_side_by_side(const Subject& subject) {
  Experiment experiment = subject.experiment();
  Model& model = *experiment.model;
  fill_by_name(model, 0.2);
  std::vector<std::vector<Tensor>> alone, together(kThreads);
  for (int i = 0; i < kThreads; ++i) alone.push_back(passes_over(model, i));
  Threads threads(kThreads);
  Lockstep lockstep;
  Listening listening(experiment, lockstep);
  for (int round = 0; round < kRounds; ++round) {
    all_at_once(lockstep, [&](int i) { together[size_t(i)] = passes_over(model, i); });
    for (int i = 0; i < kThreads; ++i)
      for (size_t w = 0; w < alone[size_t(i)].size(); ++w)
        if (!same_bits(alone[size_t(i)][w], together[size_t(i)][w]))
          throw Breach{message(
              "{} of micro-batch {} is another one when {} threads run passes at once: a forward or backward "
              "pass changes a member, which belongs into the cache of the pass",
              {w < size_t(model.weights().size()) ? "the gradient of " + model.weights().info(int(w)).name
                                                  : std::string("the output"),
               i, kThreads})};
  }
}

/// Checks that several pieces of work, done at once, give what they give one after the other.
template <class Work>
void look_at_work(const char* what, Work work) {
  constexpr int kEach = 4;  // pieces of work for a thread
  std::vector<std::string> alone;
  for (int i = 0; i < kThreads * kEach; ++i) alone.push_back(work(i));
  Threads threads(kThreads);
  Lockstep lockstep;
  for (int round = 0; round < kRounds; ++round)
    all_at_once(lockstep, [&](int thread) {
      for (int k = 0; k < kEach; ++k) {
        int i = thread * kEach + k;
        hold(work(i) == alone[size_t(i)], "what it {} is another one when {} threads ask at once", what,
             kThreads);
      }
    });
}

template <class T>
std::string bytes_in(const T& made) {
  Output output;
  output.add(made);
  return output.bytes();
}

/// Returns a matrix of which each number makes another one.
Tensor sample_matrix(int number) {
  return random_tensor({9 + number % 3, 64}, message("matrix {}", {number}).c_str());
}

}  // namespace

void look_at_threads(const Subject& subject) {
  auto info_of = [](int number) {
    return weight_info(message("w{}", {number}), sample_matrix(number).shape());
  };
  switch (subject.kind()) {
    case Kind::kInitializer: {
      auto initializer = subject.make<Initializer>();
      ModelShape model{.vocabulary = 31, .layers = 3, .width = 64};
      return look_at_work("fills", [&](int i) {
        Tensor weight = sample_matrix(i);
        Rng rng(7, message("weight {}", {i}));
        WeightInfo info = info_of(i);
        info.place = Place::kMlpIn;
        initializer->fill(weight, info, model, rng);
        return bytes_in(weight);
      });
    }
    case Kind::kPruner: {
      auto pruner = subject.make<Pruner>();
      return look_at_work("prunes", [&](int i) {
        Tensor weight = sample_matrix(i);
        pruner->prune(weight, info_of(i));
        return bytes_in(weight);
      });
    }
    case Kind::kQuantizer: {
      auto quantizer = subject.make<Quantizer>();
      return look_at_work(
          "packs", [&](int i) { return bytes_in(quantizer->pack(sample_matrix(i), info_of(i), nullptr)); });
    }
    case Kind::kBlend: {
      auto blend = subject.make<Blend>();
      blend->begin(31);
      std::vector<std::vector<Guess>> guesses;
      for (int i = 0; i < 64; ++i) {
        blend->read(int32_t(i % 7), i == 0);
        blend->guess(guesses.emplace_back());
      }
      return look_at_work("mixes", [&](int i) {
        Output output;
        for (const std::vector<Guess>& some : guesses) {
          if (some.empty()) continue;
          std::vector<double> p(some.size(), 1.0 / (40 + i));
          output.add(blend->mix(some, p));
          for (double one : p) output.add(one);
        }
        return output.bytes();
      });
    }
    default:
      look_at_passes_side_by_side(subject);
  }
}

}  // namespace caddie
