// SPDX-License-Identifier: Apache-2.0
// Holds the learned tensors of a model, in the order in which they were declared, and says who claims which.
#pragma once

#include <caddie/slots.h>

#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace caddie {

/// Returns the name of a role, such as "matrix".
std::string_view name_of(Role role);

/// Holds the declared weights. A weight's index is its place in the order of declaration.
class WeightTable {
 public:
  explicit WeightTable(Device device) : device_(device) {}

  /// Declares a weight. Throws Error when the name is taken, naming both owners.
  Parameter add(WeightInfo info);

  int size() const { return int(infos_.size()); }
  Device device() const { return device_; }
  const WeightInfo& info(int index) const { return infos_[size_t(index)]; }
  const Tensor& value(int index) const { return values()[size_t(index)]; }
  std::span<const WeightInfo> infos() const { return infos_; }
  /// Returns the values, which are zeros at first. Their memory is allocated by the first call, because the
  /// planning of a sweep builds hundreds of models and computes with none. Several threads may call it at
  /// once; no weight may be added afterwards.
  std::span<const Tensor> values() const;
  /// Returns the number of elements of all weights.
  int64_t parameters() const;
  /// Returns how many of these belong to weights that only training reads.
  int64_t training_only_parameters() const;
  /// Counts the weights of one owner and their elements.
  struct Share {
    int64_t weights = 0, parameters = 0;
    int64_t training_only = 0;  // the elements that only training reads
  };
  /// Returns how much each owner (a technique, or a part of the model) holds, by its name.
  std::map<std::string, Share> shares() const;
  /// Returns the index of the weight called `name`, or -1.
  int find(std::string_view name) const;

  /// Fills every weight from its Init; `initializer` serves those that leave it to the experiment. Each
  /// weight draws from its own random stream. With `round_bf16` initial values are rounded to bfloat16.
  void initialize(Initializer& initializer, const ModelShape& model, uint64_t seed, bool round_bf16);

 private:
  Device device_;
  std::vector<WeightInfo> infos_;
  mutable std::once_flag taken_;
  mutable std::vector<Tensor> values_;
};

/// Returns the indices of the weights that match one of the patterns. A pattern is a glob over names
/// ("*.attn.*"), a role ("role:matrix"), a size ("numel<=65536", "numel>65536"), one of these behind '!' for
/// whatever it does not match, or several joined by '&', which must all hold. Throws Error naming `owner` for
/// unknown roles and malformed sizes.
std::vector<int> select_weights(std::span<const WeightInfo> infos, std::span<const std::string> patterns,
                                std::string_view owner);

/// Holds the indices of the weights that one owner claims.
struct Claim {
  std::string owner;
  std::vector<int> weights;
};
/// Says which weights plugins can claim: those of an export never claim what only training reads.
enum class Claimable : uint8_t { kAll, kExported };
/// Throws Error unless every weight that can be claimed is claimed exactly once; names the weight and what
/// claims it, or what would.
void check_claimed_once(std::span<const WeightInfo> infos, std::span<const Claim> claims,
                        std::string_view what, Claimable claimable = Claimable::kAll);

/// Returns the indices of the weights that are exported, which are those that an evaluation may read.
std::vector<int> exported_weights(std::span<const WeightInfo> infos);

}  // namespace caddie
