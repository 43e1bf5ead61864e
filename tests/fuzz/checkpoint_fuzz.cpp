// SPDX-License-Identifier: Apache-2.0
// Checkpoints: the state is filled, or the file is an Error.
#include <caddie/error.h>

#include "base/files.h"
#include "fuzz/scratch_file.h"
#include "train/checkpoint.h"

namespace caddie::fuzz::checkpoint {

/// Is as much of a training as the archive can hold.
struct State {
  Tensor weights = Tensor(Shape{2, 3}), average;
  std::vector<Tensor> moments = std::vector<Tensor>(2);
  int64_t step = 7;
  double clock = 1.5;

  void archive(Archive& archive) {
    archive("weights", weights);
    archive("average", average);
    archive("moments", moments);
    archive("step", step);
    archive_bits(archive, "clock", clock);
  }
};

std::vector<std::string> seeds() {
  State state;
  state.average = Tensor(Shape{4});
  for (Tensor& moment : state.moments) moment = Tensor(Shape{2, 3});
  std::filesystem::path file = scratch_folder() / "seed.safetensors";
  save_checkpoint(file, [&](Archive& archive) { state.archive(archive); });
  return {read_file(file)};
}

void run(std::string_view bytes) {
  State state;
  try {
    load_checkpoint(scratch_file("checkpoint.safetensors", bytes), Device::kCpu,
                    [&](Archive& archive) { state.archive(archive); });
  } catch (const Error&) {
  }
}

CADDIE_FUZZ_TARGET(checkpoint)

}  // namespace caddie::fuzz::checkpoint
