#include "host/configuration.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "core/error.hpp"
#include "host/help.hpp"
#include "settings/commented_yaml.hpp"
#include "settings/layers.hpp"

namespace ballast::host {
namespace {

/// Adds config/core.yaml of a root when it is there.
void add_core_file(settings::Layers& layers, const std::filesystem::path& root, std::string_view layer) {
  const auto file = root / "config/core.yaml";
  std::error_code ignored;
  if (std::filesystem::is_regular_file(file, ignored)) layers.add_file(file.string(), layer);
}

core::Json read_governor(const std::filesystem::path& file) {
  const settings::Document document = settings::read_document(file.string());
  if (!document.value.is_object())
    throw core::Error(core::Code::argument, "expected the settings of one governor (a table)", file.string());
  return document.value;
}

/// Adds the governors of a root: one file each, named as the governor; the desk's replace the installation's whole.
/// A file that cannot be read is no reason to stop who uses another one: why stands in `unreadable` by its name.
void add_governors(core::Json& governors, core::Json& unreadable, const std::filesystem::path& root) {
  std::error_code ignored;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(root / "config/governors", ignored)) {
    const auto ending = entry.path().extension();
    if (ending == ".yaml" || ending == ".yml" || ending == ".toml" || ending == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::map<std::string, std::string> files_here;
  for (const auto& file : files) {
    const std::string name = file.stem().string();
    governors.erase(name);  // a broken one must not let the installation's through
    unreadable.erase(name);
    const auto [first, only] = files_here.emplace(name, file.filename().string());
    if (!only) {
      unreadable[name] =
          fmt::format("config/governors has both {} and {}: keep one", first->second, file.filename().string());
      continue;
    }
    try {
      governors[name] = read_governor(file);
    } catch (const core::Error& e) {
      std::string why = e.what();
      // The same desk in another folder has the same settings.
      if (const std::string folder = root.string() + "/"; why.starts_with(folder)) why.erase(0, folder.size());
      unreadable[name] = why;
    }
  }
}

}  // namespace

Configuration read_configuration(const Desk& desk, const std::optional<std::filesystem::path>& config,
                                 const std::vector<std::string>& sets) {
  settings::Layers layers;
  const auto roots = desk.roots();
  for (auto root = roots.rbegin(); root != roots.rend(); ++root) {  // the installation lies below the desk
    add_core_file(layers, *root, root == roots.rbegin() && roots.size() > 1 ? "installation" : "desk");
  }
  if (config) layers.add_file(config->string(), "--config");
  for (const std::string& each : sets) layers.add_assignment(each);
  auto effective = layers.resolve<Settings>();
  for (const char* operation : {"schedules", "status"}) effective.json.erase(operation);
  return {std::move(effective.value), std::move(effective.json), roots};
}

const core::Json& Configuration::value() const {
  if (!value_) {
    core::Json governors = core::Json::object(), unreadable = core::Json::object();
    for (auto root = roots_.rbegin(); root != roots_.rend(); ++root) add_governors(governors, unreadable, *root);
    value_ = sections_;
    (*value_)["governors"] = std::move(governors);
    if (!unreadable.empty()) (*value_)["unreadable_governors"] = std::move(unreadable);
  }
  return *value_;
}

const std::string& Configuration::bytes() const {
  if (!bytes_) bytes_ = core::canonical_json(value());
  return *bytes_;
}

std::vector<Generated> generated_configuration() {
  return {{"config/core.yaml", settings::commented_yaml<Settings>()},
          {"docs/schema/core.json", settings::schema_text<Settings>()}};
}

}  // namespace ballast::host
