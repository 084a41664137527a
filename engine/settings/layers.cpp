#include "settings/layers.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "core/error.hpp"
#include "settings/yaml.hpp"

namespace ballast::settings {

using core::Code;
using core::Error;
using core::Json;

namespace {

bool lies_within(std::string_view path, std::string_view around) {
  if (!path.starts_with(around)) return false;
  return around.empty() || path.size() == around.size() || path[around.size()] == '.' || path[around.size()] == '[';
}

// The member an assignment speaks of, made where it is missing.
Json& member_for(Json& root, std::string_view path, const std::string& where) {
  Json* at = &root;
  std::string_view rest = path;
  const auto said = [&] { return path.substr(0, static_cast<std::size_t>(rest.data() - path.data())); };
  const auto malformed = [&] {
    return Error(Code::argument, fmt::format("'{}' is not a path; accepted: section.key or section.list[0].key", path),
                 where);
  };
  if (rest.empty() || rest.front() == '[') throw malformed();
  while (!rest.empty()) {
    if (rest.front() == '[') {
      const auto close = rest.find(']');
      std::size_t index = 0;
      if (close == std::string_view::npos) throw malformed();
      const auto end = std::from_chars(rest.data() + 1, rest.data() + close, index);
      if (end.ec != std::errc{} || end.ptr != rest.data() + close) throw malformed();
      const std::size_t size = at->is_array() ? at->size() : 0;
      if (index >= size) {
        throw Error(
            Code::argument,
            fmt::format("'{}' has {} elements in the settings so far, [{}] is not one of them", said(), size, index),
            where);
      }
      at = &(*at)[index];
      rest.remove_prefix(close + 1);
      if (!rest.empty() && rest.front() != '.' && rest.front() != '[') throw malformed();
    } else {
      const std::string name(rest.substr(0, rest.find_first_of(".[")));
      if (name.empty() || name.find(']') != std::string::npos) throw malformed();
      if (at->is_null()) *at = Json::object();
      if (!at->is_object()) {
        std::string_view around = said();
        if (around.ends_with('.')) around.remove_suffix(1);
        throw Error(Code::argument, fmt::format("'{}' is set to a value that has no members", around), where);
      }
      at = &(*at)[name];
      rest.remove_prefix(name.size());
    }
    if (!rest.empty() && rest.front() == '.') {
      rest.remove_prefix(1);
      if (rest.empty() || rest.front() == '[') throw malformed();
    }
  }
  return *at;
}

}  // namespace

void Layers::replace_sources(const std::string& path, const Incoming& incoming) {
  for (auto it = sources_.lower_bound(path); it != sources_.end() && it->first.starts_with(path);) {
    it = lies_within(it->first, path) ? sources_.erase(it) : std::next(it);
  }
  const Positions& positions = incoming.document.positions;
  for (auto it = positions.lower_bound(path); it != positions.end() && it->first.starts_with(path); ++it) {
    if (lies_within(it->first, path)) {
      sources_[it->first] = {std::string(incoming.layer), incoming.document.place(it->first)};
    }
  }
}

void Layers::merge(Json& onto, const Json& from, const std::string& path, const Incoming& incoming) {
  for (const auto& [name, item] : from.items()) {
    const std::string place = member_path(path, name);
    const auto at = onto.find(name);
    if (at != onto.end() && at->is_object() && item.is_null()) continue;  // "section:" with nothing under it
    if (at != onto.end() && at->is_object() && item.is_object()) {
      sources_[place] = {std::string(incoming.layer), incoming.document.place(place)};
      merge(*at, item, place, incoming);
      continue;
    }
    if (at != onto.end() && incoming.same_layer && !at->is_null()) {
      throw Error(Code::argument,
                  fmt::format("is already set at {}, in a file of the same folder", source_of(place).place),
                  fmt::format("{}: {}", incoming.document.place(place), place));
    }
    onto[name] = item;
    replace_sources(place, incoming);
  }
}

void Layers::add(const Document& document, std::string_view layer) {
  if (document.value.is_null()) return;
  if (!document.value.is_object()) {
    throw Error(Code::argument, fmt::format("settings are a table of sections, found {}", document.value.type_name()),
                document.place(""));
  }
  merge(overrides_, document.value, "", {document, layer, false});
}

void Layers::add_file(const std::string& path, std::string_view layer) { add(read_document(path), layer); }

void Layers::add_folder(const std::filesystem::path& folder, std::string_view layer) {
  if (!std::filesystem::is_directory(folder)) return;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto ending = entry.path().extension();
    const bool settings = ending == ".yaml" || ending == ".yml" || ending == ".toml" || ending == ".json";
    // Editors leave ".core.yaml.swp" and ".#core.yaml" behind.
    if (settings && entry.is_regular_file() && !entry.path().filename().string().starts_with('.'))
      files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  Layers together;
  for (const std::string& file : files) {
    const Document document = read_document(file);
    if (!document.value.is_object()) {
      together.add(document, layer);
    } else {
      together.merge(together.overrides_, document.value, "", {document, layer, true});
    }
  }
  // The places are those of several files by now, so they are carried over as they are.
  Document merged{together.overrides_, {}, {}};
  for (const auto& [path, source] : together.sources_) merged.positions.emplace(path, Position{});
  merge(overrides_, merged.value, "", {merged, layer, false});
  for (auto& [path, source] : sources_) {
    if (source.place.empty()) source = together.sources_.at(path);
  }
}

Assignment parse_assignment(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw Error(Code::argument, fmt::format("expected section.key=value, found '{}'", text), "--setting");
  }
  const std::string path(text.substr(0, equals));
  const std::string where = "--setting " + path;
  const std::string_view value = text.substr(equals + 1);
  if (value.find_first_not_of(" \t") == std::string_view::npos) {
    throw Error(Code::argument, "nothing after '='; write '' for empty text, null for no value", where);
  }
  return {path, read_yaml(value, where).value};
}

void Layers::add_assignment(std::string_view text) {
  Assignment assignment = parse_assignment(text);
  const std::string where = "--setting " + assignment.path;
  Json changed = overrides_;  // a refused assignment changes nothing
  Json& member = member_for(changed, assignment.path, where);
  Document document{std::move(assignment.value), where, {{assignment.path, {}}}};
  std::vector<std::pair<const Json*, std::string>> open{{&document.value, assignment.path}};
  while (!open.empty()) {
    const auto [value, path] = open.back();
    open.pop_back();
    document.positions[path] = {};
    std::size_t index = 0;
    if (!value->is_structured()) continue;
    for (const auto& [name, item] : value->items()) {
      open.emplace_back(&item, value->is_object() ? member_path(path, name) : element_path(path, index++));
    }
  }
  if (member.is_object() && document.value.is_object()) {
    merge(member, document.value, assignment.path, {document, "--setting", false});
    overrides_ = std::move(changed);
    return;
  }
  member = document.value;
  overrides_ = std::move(changed);
  replace_sources(assignment.path, {document, "--setting", false});
}

Source Layers::source_of(std::string_view path) const {
  const auto at = sources_.find(path);
  return at == sources_.end() ? Source{"default", ""} : at->second;
}

std::string Layers::where(std::string_view path) const {
  for (std::string_view around = path; !around.empty(); around = parent_path(around)) {
    if (const auto at = sources_.find(around); at != sources_.end()) {
      const std::string& place = at->second.place;
      return place == fmt::format("--setting {}", path) ? place : fmt::format("{}: {}", place, path);
    }
  }
  return std::string(path);
}

}  // namespace ballast::settings
