// ballast.clock, ballast.files, ballast.settings: what a runbook may learn of the world. Every answer is recorded.
#include "modules/module_list.hpp"
#include "settings/toml.hpp"
#include "settings/yaml.hpp"

namespace ballast::modules {
namespace {

core::Instant now(Services& services) { return services.now(); }
std::string read(Services& services, const std::string& path) { return services.read_file(path); }
core::Json read_document(Services& services, const std::string& path) {
  const std::string text = services.read_file(path);
  if (path.ends_with(".yaml") || path.ends_with(".yml")) return settings::read_yaml(text, path).value;
  if (path.ends_with(".toml")) return settings::read_toml(text, path).value;
  return core::parse_json(text, path);
}
bool exists(Services& services, const std::string& path) { return services.file_exists(path); }
std::vector<std::string> list(Services& services, const std::string& folder) { return services.list_files(folder); }
bool write(Services& services, const std::string& path, const std::string& text) {
  services.write_file(path, text);
  return true;
}
bool remove(Services& services, const std::string& path) {
  services.remove_file(path);
  return true;
}
core::Json get(Services& services, const std::string& path) { return services.settings(path); }

constexpr auto kClock =
    bind::module_of("ballast.clock", "The decision time.",
                    bind::fn<&now>("now", "Returns the decision time.", {}, {.name = "time", .doc = "RFC 3339, UTC."},
                                   bind::Effect::reads_clock));

constexpr Words kPath{.name = "path", .doc = "File below the desk, `var` or the installation."};

constexpr Words kRootPath{.name = "path", .doc = "File below a root that the runbook declares, as 'root/name'."};

constexpr auto kFiles = bind::module_of(
    "ballast.files", "Files below the folders that a script may read.",
    bind::fn<&read>("read", "Reads a file as text.", {{kPath}}, {.name = "text", .doc = "Its bytes."},
                    bind::Effect::reads_files),
    bind::fn<&read_document>("read_document",
                             "Reads a document by the ending of its name: .yaml, .yml, .toml, else strict JSON.",
                             {{kPath}}, {.name = "value", .doc = "Its value."}, bind::Effect::reads_files),
    bind::fn<&exists>("exists", "Tells whether a file is there.", {{kPath}},
                      {.name = "found", .doc = "True when it can be read."}, bind::Effect::reads_files),
    bind::fn<&list>(
        "list", "Lists the files of a folder by name.", {{{.name = "folder", .doc = "Folder below the same roots."}}},
        {.name = "names", .doc = "File names, sorted; empty when there is no such folder."}, bind::Effect::reads_files),
    bind::fn<&write>("write", "Replaces a file atomically; only in the apply or undo of an effect.",
                     {{kRootPath, {.name = "text", .doc = "Its bytes."}}}, {.name = "written", .doc = "True."},
                     bind::Effect::writes_files),
    bind::fn<&remove>("remove", "Removes a file, if it is there; only in the apply or undo of an effect.",
                      {{kRootPath}}, {.name = "removed", .doc = "True."}, bind::Effect::writes_files));

constexpr auto kSettings =
    bind::module_of("ballast.settings", "Settings in force: defaults, installation, desk, --config, --set.",
                    bind::fn<&get>("get", "Returns the settings at a dotted path.",
                                   {{{.name = "path", .doc = "For example 'governors.stage6_core'."}}},
                                   {.name = "value", .doc = "A table or a value."}, bind::Effect::reads_files));

}  // namespace

bind::ModuleRows clock_rows() { return bind::rows_of<kClock>(); }
bind::ModuleRows files_rows() { return bind::rows_of<kFiles>(); }
bind::ModuleRows settings_rows() { return bind::rows_of<kSettings>(); }

}  // namespace ballast::modules
