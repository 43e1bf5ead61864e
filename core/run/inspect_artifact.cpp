// SPDX-License-Identifier: Apache-2.0
// The compressor that the artifact names decodes it; the experiment beside it gives limits and weights.
#include "run/inspect_artifact.h"

#include <memory>

#include "base/files.h"
#include "experiment/plugin_folders.h"
#include "run/candidate.h"

namespace caddie {

Inspection inspect_artifact(const InspectRequest& request, StatusLine& status) {
  std::string bytes = read_file(request.file);
  Registry registry;
  std::unique_ptr<Compressor> compressor;
  std::unique_ptr<Layout> layout;
  auto find_compressor = [&](const std::string& name) -> const Compressor& {
    compressor = registry.make<Compressor>(name, request.file.string());
    return *compressor;
  };
  auto find_layout = [&](const std::string& name) -> const Layout& {
    layout = registry.make<Layout>(name, request.file.string());
    return *layout;
  };
  std::filesystem::path beside = experiment_beside(request.file, request.experiment);
  std::optional<Tree> tree;
  if (!beside.empty()) add_plugin_folders(tree.emplace(Tree::load(beside)), registry);
  Artifact artifact = decode(bytes, find_compressor, kPayloadLimit, find_layout);
  Inspection found;
  std::vector<WeightInfo> infos;
  if (tree) {
    Experiment experiment = assemble(*tree, registry, Device::kCpu);
    std::span<const WeightInfo> known = experiment.model->weights().infos();
    infos.assign(known.begin(), known.end());
    found.limit = experiment.budget.artifact_bytes;
    found.code_bytes = experiment.budget.code_bytes;
  }
  if (request.limit >= 0) found.limit = request.limit;
  if (request.code_bytes >= 0) found.code_bytes = request.code_bytes;
  found.account = account_file(artifact, int64_t(bytes.size()), request.fast ? nullptr : compressor.get(),
                               infos, layout.get());
  found.tensors = artifact.tensors.size();
  found.compressor = artifact.compressor;
  found.layout = text_of(artifact.byte_layout);
  if (!artifact.layout.empty()) found.layout += ", in the layout of " + artifact.layout;
  if (request.compare) found.alternatives = compare_codecs(std::move(artifact), registry, status);
  return found;
}

}  // namespace caddie
