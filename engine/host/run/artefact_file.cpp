#include "host/run/artefact_file.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

namespace ballast::host {
namespace {

/// Whether the signature beside a file speaks of these bytes, whatever the file holds.
bool is_signed_as(const std::filesystem::path& file, const std::string& sha256) {
  const std::filesystem::path signature = file.string() + ".sig";
  if (!std::filesystem::exists(signature)) return false;
  const core::Json said = core::Json::parse(core::read_file(signature), nullptr, false);
  return said.is_object() && said.value("sha256", core::Json()) == sha256;
}

bool holds(const std::filesystem::path& file, const std::string& sha256) {
  return std::filesystem::is_regular_file(file) && core::sha256_file_hex(file) == sha256;
}

}  // namespace

core::Json artefact_remark(const std::string& path, const std::string& sha256) {
  return {{"note", "writes " + path}, {"artefact", path}, {"sha256", sha256}};
}

std::vector<UnfinishedArtefact> unfinished_artefacts(const std::vector<journal::RunRecord>& records) {
  std::vector<UnfinishedArtefact> out;
  for (const journal::RunRecord& each : records) {
    const core::Json& record = each.json;
    const bool begun = record["kind"] == "note" && record.contains("artefact");
    if (!begun && record["kind"] != "artefact") continue;
    const std::string path = record[begun ? "artefact" : "path"].get<std::string>();
    std::erase_if(out, [&](const UnfinishedArtefact& one) { return one.path == path; });  // the last word counts
    if (begun) out.push_back({path, record["sha256"].get<std::string>()});
  }
  return out;
}

bool finish_artefact(const std::filesystem::path& file, const std::string& sha256) {
  if (!is_signed_as(file, sha256)) return false;
  if (holds(file, sha256)) return true;
  const std::string beside = fmt::format(".{}.", file.filename().string());  // as core::StagedFile calls it
  for (const auto& each : std::filesystem::directory_iterator(file.parent_path())) {
    const std::string name = each.path().filename().string();
    if (!name.starts_with(beside) || !name.ends_with(".tmp") || !holds(each.path(), sha256)) continue;
    std::filesystem::rename(each.path(), file);
    core::sync_folder(file.parent_path());
    return true;
  }
  return false;
}

}  // namespace ballast::host
