// SPDX-License-Identifier: Apache-2.0
// Fills weights with their initial values, and finds the weights that patterns select.
#include "model/weights.h"

#include <caddie/math.h>
#include <caddie/parallel.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/exit_code.h"
#include "base/text.h"

namespace caddie {
namespace {

// Fills a weight on the host from its Init.
void fill(Tensor& host, const WeightInfo& info, Initializer& initializer, const ModelShape& model, Rng& rng) {
  int64_t n = host.numel();
  switch (info.init.kind) {
    case Init::Kind::kInitializer:
      return initializer.fill(host, info, model, rng);
    case Init::Kind::kNormal:
      for (int64_t i = 0; i < n; ++i) host.data()[i] = float(info.init.deviation * rng.normal());
      return;
    case Init::Kind::kUniform:
      for (int64_t i = 0; i < n; ++i) host.data()[i] = float(info.init.bound * (2 * rng.uniform() - 1));
      return;
    case Init::Kind::kRows: {
      auto rows = int64_t(info.init.rows.size());
      check(rows > 0 && n % rows == 0, "{}: {} constant rows do not fill shape {}", info.name, rows,
            info.shape);
      for (int64_t i = 0; i < n; ++i) host.data()[i] = float(info.init.rows[size_t(i / (n / rows))]);
      return;
    }
    case Init::Kind::kTokenTable:
      fail("{}: only a weight of the model can start as its table of tokens does", info.name);
  }
}

constexpr std::string_view kRoles[] = {"embedding", "matrix", "vector", "scalar"};

bool has_role(std::string_view role, const WeightInfo& info, std::string_view owner) {
  if (std::find(std::begin(kRoles), std::end(kRoles), role) == std::end(kRoles))
    fail_usage("{}: 'role:{}' names no role; roles are embedding, matrix, vector and scalar", owner, role);
  return role == name_of(info.role);
}

bool has_size(std::string_view comparison, const WeightInfo& info, std::string_view owner) {
  std::string_view sign = comparison.substr(0, comparison.find_first_of("0123456789"));
  int64_t bound = 0;
  std::string_view digits = comparison.substr(sign.size());
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bound);
  if (error != std::errc() || end != digits.data() + digits.size() || (sign != "<=" && sign != ">"))
    fail_usage("{}: 'numel{}' is no size; write numel<=65536 or numel>65536", owner, comparison);
  return (info.shape.numel() <= bound) == (sign == "<=");
}

// Tells whether the weight's name is one of those that a glob stands for.
bool has_name(std::string_view glob, const WeightInfo& info, std::string_view owner) {
  bool is_glob = std::all_of(glob.begin(), glob.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_.*?[]-").find(c) != std::string_view::npos;
  });
  if (glob.empty() || !is_glob)
    fail_usage(
        "{}: '{}' selects no weights; write a pattern of names such as blocks.0.*, role:matrix, numel>65536, "
        "one of these behind '!', or several joined by '&'",
        owner, glob);
  return matches(glob, info.name);
}

// A pattern is one or several terms joined by '&', which must all hold; '!' before a term turns it around.
bool claims(const std::string& pattern, const WeightInfo& info, std::string_view owner) {
  for (std::string& term : split(pattern, '&')) {
    std::erase(term, ' ');
    bool negated = term.starts_with('!');
    std::string_view text = std::string_view(term).substr(negated);
    bool holds = text.starts_with("role:")   ? has_role(text.substr(5), info, owner)
                 : text.starts_with("numel") ? has_size(text.substr(5), info, owner)
                                             : has_name(text, info, owner);
    if (holds == negated) return false;
  }
  return true;
}

}  // namespace

std::string_view name_of(Role role) { return kRoles[size_t(role)]; }

Parameter WeightTable::add(WeightInfo info) {
  if (int taken = find(info.name); taken >= 0)
    fail("'{}' declares a weight called {}, which '{}' has already; two techniques cannot share one name",
         info.owner, info.name, infos_[size_t(taken)].owner);
  check(values_.empty(), "'{}' declares {} after weights were asked for", info.owner, info.name);
  infos_.push_back(std::move(info));
  return {size() - 1};
}

std::span<const Tensor> WeightTable::values() const {
  std::call_once(taken_, [&] {
    for (const WeightInfo& info : infos_) values_.emplace_back(info.shape, device_);
  });
  return values_;
}

int64_t WeightTable::parameters() const {
  int64_t sum = 0;
  for (const WeightInfo& info : infos_) sum += info.shape.numel();
  return sum;
}

int64_t WeightTable::training_only_parameters() const {
  int64_t sum = 0;
  for (const auto& [owner, share] : shares()) sum += share.training_only;
  return sum;
}

std::map<std::string, WeightTable::Share> WeightTable::shares() const {
  std::map<std::string, Share> shares;
  for (const WeightInfo& info : infos_) {
    Share& share = shares[info.owner];
    ++share.weights;
    share.parameters += info.shape.numel();
    if (info.training_only) share.training_only += info.shape.numel();
  }
  return shares;
}

int WeightTable::find(std::string_view name) const {
  for (int i = 0; i < size(); ++i)
    if (infos_[size_t(i)].name == name) return i;
  return -1;
}

void WeightTable::initialize(Initializer& initializer, const ModelShape& model, uint64_t seed,
                             bool round_bf16) {
  std::span<const Tensor> values = this->values();
  parallel_for(size(), [&](int i) {
    const WeightInfo& info = infos_[size_t(i)];
    Tensor host(info.shape);
    Rng rng(seed, "weights/" + info.name);
    fill(host, info, initializer, model, rng);
    if (round_bf16)
      for (int64_t e = 0; e < host.numel(); ++e) host.data()[e] = caddie::round_bf16(host.data()[e]);
    copy(host, values[size_t(i)]);
  });
}

std::vector<int> select_weights(std::span<const WeightInfo> infos, std::span<const std::string> patterns,
                                std::string_view owner) {
  std::vector<int> indices;
  for (size_t i = 0; i < infos.size(); ++i)
    if (std::any_of(patterns.begin(), patterns.end(),
                    [&](const std::string& pattern) { return claims(pattern, infos[i], owner); }))
      indices.push_back(int(i));
  return indices;
}

std::vector<int> exported_weights(std::span<const WeightInfo> infos) {
  std::vector<int> indices;
  for (size_t i = 0; i < infos.size(); ++i)
    if (!infos[i].training_only) indices.push_back(int(i));
  return indices;
}

void check_claimed_once(std::span<const WeightInfo> infos, std::span<const Claim> claims,
                        std::string_view what, Claimable claimable) {
  std::vector<std::vector<std::string>> owners(infos.size());
  for (const Claim& claim : claims)
    for (int index : claim.weights) owners[size_t(index)].push_back(claim.owner);
  std::vector<std::string> all;
  for (const Claim& claim : claims) all.push_back(claim.owner);
  for (size_t i = 0; i < infos.size(); ++i) {
    bool is_free = claimable == Claimable::kExported && infos[i].training_only;
    if (owners[i].size() == (is_free ? 0 : 1)) continue;
    if (owners[i].empty())
      fail_usage("{}: no {} claims it (role {}); add it to the `weights` of one of: {}", infos[i].name, what,
                 name_of(infos[i].role), join(all, ", "));
    fail_usage("{}: claimed by {}; let exactly one {} claim it", infos[i].name, join(owners[i], " and "),
               what);
  }
}

}  // namespace caddie
