#include "host/source.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/nearest.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kLargestScript = std::size_t{4} << 20;  // parsing is not interruptible, so its size is bounded

/// Library names are words joined by dots: nothing that could climb out of a folder.
void check_name(const std::string& kind, const std::string& name) {
  const bool good =
      !name.empty() && name.size() <= 100 && name.front() != '.' && name.back() != '.' &&
      name.find("..") == std::string::npos && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
      });
  if (!good) {
    std::string shown = name.substr(0, 60);
    std::replace_if(
        shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    throw core::Error(
        core::Code::argument,
        fmt::format("'{}' is not a {} name; accepted: letters, digits and _, with dots for folders", shown, kind));
  }
}

std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, ignored)) {
    if (entry.path().extension() != ".lua") continue;
    std::string name = entry.path().lexically_relative(folder).replace_extension().string();
    std::replace(name.begin(), name.end(), '/', '.');
    if (!name.ends_with("_test") && !name.starts_with("meta.")) out.push_back(std::move(name));
  }
  return out;
}

}  // namespace

Script make_script(std::string name, std::string place, std::string text) {
  if (!text.empty() && text.front() == '\x1b') {
    throw core::Error(core::Code::argument, "compiled Lua is not accepted: only source text", place);
  }
  if (!core::is_utf8(text)) throw core::Error(core::Code::argument, "not UTF-8 text", place);
  return {std::move(name), std::move(place), std::move(text), {}};
}

std::string Script::sha256() const { return core::sha256_hex(text); }

std::optional<std::filesystem::path> FolderSource::find(const std::filesystem::path& relative) const {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(relative, ignored)) return relative;
  if (relative.is_absolute()) return std::nullopt;
  for (const auto& root : roots_) {
    if (std::filesystem::is_regular_file(root / relative, ignored)) return root / relative;
  }
  return std::nullopt;
}

std::string FolderSource::did_you_mean(const std::string& folder, const std::string& name) const {
  const bool is_path = name.find('/') != std::string::npos;
  std::vector<std::string> known;
  for (const auto& root : roots_) {
    for (const std::string& each : names_in(root / folder)) {
      if (is_path || name.ends_with(".lua")) known.push_back((is_path ? folder + "/" : "") + each + ".lua");
      if (!is_path && !name.ends_with(".lua")) known.push_back(each);
    }
  }
  return core::did_you_mean(name, known);
}

Script FolderSource::load(const std::string& kind, const std::string& folder, const std::string& name) {
  check_name(kind, name);
  std::string relative = name;
  std::replace(relative.begin(), relative.end(), '.', '/');
  const std::string place = fmt::format("{}/{}.lua", folder, relative);
  std::vector<std::string> known;
  for (const auto& root : roots_) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(root / place, ignored)) {
      Script script = make_script(name, place, core::read_file(root / place, kLargestScript));
      script.file = root / place;
      return script;
    }
    for (std::string& each : names_in(root / folder)) known.push_back(std::move(each));
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  throw core::Error(core::Code::not_found, fmt::format("no {} '{}'{}", kind, name, core::suggestion(name, views)),
                    place);
}

Script FolderSource::library(const std::string& name) { return load("library", "lua", name); }

Script FolderSource::policy(const std::string& name) {
  if (name.ends_with(".lua")) {
    const auto file = find(name);
    if (!file)
      throw core::Error(core::Code::not_found, fmt::format("there is no such policy{}", did_you_mean("policies", name)),
                        name);
    Script script = make_script(file->stem().string(), name, core::read_file(*file, kLargestScript));
    script.file = *file;
    return script;
  }
  return load("policy", "policies", name);
}

void RecordedSource::add_library(const std::string& name, std::string text) {
  std::string place = name;
  std::replace(place.begin(), place.end(), '.', '/');
  libraries.emplace(name, make_script(name, fmt::format("lua/{}.lua", place), std::move(text)));
}

Script RecordedSource::library(const std::string& name) {
  const auto at = libraries.find(name);
  if (at == libraries.end()) {
    throw core::Error(core::Code::not_found, fmt::format("library '{}' is not among the recorded ones", name));
  }
  return at->second;
}

}  // namespace ballast::host
