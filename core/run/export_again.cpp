// SPDX-License-Identifier: Apache-2.0
// Nothing comes from a store: the weights are quantized and compressed anew, with the settings beside.
#include "run/export_again.h"

#include <optional>

#include "base/exit_code.h"
#include "base/files.h"
#include "data/token_ids.h"
#include "results/fingerprint.h"
#include "results/run_folder.h"
#include "results/summary.h"
#include "run/export.h"
#include "run/recorded_data.h"
#include "run/stored_weights.h"

namespace caddie {

std::filesystem::path trained_weights(const std::filesystem::path& run) {
  check_not_imported(run);
  std::filesystem::path file = run / kWeightsFile;
  if (!std::filesystem::exists(file))
    fail_usage("{}: there are no trained weights; name the folder of a finished run", run.string());
  for (const char* name : {kWeightsFile, kSettingsFile}) check_left_by_run(run, name);
  return file;
}

std::filesystem::path settings_file_beside(const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  fs::path folder = fs::absolute(file).lexically_normal().parent_path();
  // /dev/stdout may lead to a regular file, but nothing is to be made beside it.
  bool among_devices =
      folder == "/dev" || folder.native().starts_with("/dev/fd") || folder.native().starts_with("/proc");
  std::error_code ignored;
  fs::file_type type = fs::status(file, ignored).type();
  if (among_devices || (type != fs::file_type::regular && type != fs::file_type::not_found)) return {};
  fs::path settings = fs::path(file).replace_extension(".toml");
  if (settings == file)
    fail_usage(
        "{}: its settings are to lie beside it, under just that name; give the artifact another ending",
        file.string());
  if (fs::exists(settings) && !is_settings_beside_artifact(settings))
    fail_usage(
        "{}: would be replaced by the settings of {}, and does not hold such; move it away, or name another "
        "artifact",
        settings.string(), file.string());
  return settings;
}

ExportedAgain export_again(const std::filesystem::path& run, std::span<const std::string> overrides,
                           const std::filesystem::path& file, Device device, StatusLine& status) {
  std::filesystem::path weights = trained_weights(run);
  std::optional<FolderClaim> claim =
      claim_to_write({file, std::filesystem::path(file).replace_extension(".toml")});
  std::filesystem::path settings = settings_file_beside(file);
  Registry registry;
  Tree tree = Tree::load(run / kSettingsFile, overrides);
  Experiment e = assemble(tree, registry, device);
  std::vector<Tensor> values = read_weights(weights, e.model->weights());
  std::optional<TokenStream> text;
  if (e.export_parts.reads_training_text()) {
    text.emplace(e.data.train);
    check_ids(*text, e.model_settings.vocabulary);
    check_recorded_data(run / kSettingsFile, tree, e, {DataPart::kTrain});
  }
  QuantizedModel quantized = quantize_weights(e, values, text ? &*text : nullptr, status);
  if (text) check_still_hashed(*text);
  WrittenArtifact written = compress_weights(e, std::move(quantized.artifact), status);
  write_file(file, written.bytes);
  if (!settings.empty())
    write_file(settings, settings_beside_artifact(recorded_data_of(run / kSettingsFile, tree), tree));

  ExportedAgain made;
  made.bytes = int64_t(written.bytes.size());
  made.headroom = e.budget.artifact_bytes - e.budget.code_bytes - made.bytes;
  made.without_effect = std::move(quantized.without_effect);
  made.without_effect.insert(made.without_effect.end(), written.without_effect.begin(),
                             written.without_effect.end());
  return made;
}

}  // namespace caddie
