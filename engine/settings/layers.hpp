// Settings in layers: defaults in the records, then the installation's config/*.yaml, the desk's, `--config FILE`, and
// `--setting section.key=value`. Only what people override is kept here, each value with the place it came from.
// Tables are merged member by member; lists and single values are replaced whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "settings/document.hpp"

namespace ballast::settings {

/// Where a value came from. Nobody said anything: layer "default", no place.
struct Source {
  std::string layer;  ///< "default", or the name the layer was added under
  std::string place;  ///< "config/core.yaml:12:3", "--setting portfolio.drift.absolute"
  bool operator==(const Source&) const = default;
};

/// What a record reads from the layers, with every default filled in.
template <core::IsRecord T>
struct Effective {
  T value;
  core::Json json;        ///< as core::write_record gives it
  std::string canonical;  ///< the bytes that settings_sha256 is taken over
};

class Layers {
 public:
  /// Adds a document on top of what is there.
  /// Throws: Error{argument} when it holds something other than a table, placed in the file.
  void add(const Document& document, std::string_view layer);

  /// Adds one settings file. Throws: Error{not_found | io | argument}.
  void add_file(const std::string& path, std::string_view layer);

  /// Adds every .yaml, .yml, .toml and .json file of a folder (not of the folders inside) as one layer, in the order of
  /// their names; a folder that does not exist adds nothing.
  /// Throws: Error{argument} when two of the files set the same value: neither is on top of the other.
  void add_folder(const std::filesystem::path& folder, std::string_view layer);

  /// Adds "section.key=value"; the value is read as in YAML, `list[1].key=value` changes an element that is there.
  /// Throws: Error{argument}.
  void add_assignment(std::string_view assignment);

  /// Returns what people set, merged; an empty table when nobody set anything.
  const core::Json& overrides() const { return overrides_; }

  /// Returns where the value at a path came from.
  Source source_of(std::string_view path) const;

  /// Returns "place: path" for messages about a member, the path alone when nothing around it was set.
  std::string where(std::string_view path) const;

  /// Reads the whole of the settings as one record whose fields are the sections.
  /// Throws: Error{argument} for unknown sections and members and refused values, placed where they were written.
  template <core::IsRecord T>
  Effective<T> resolve() const {
    core::Json json = overrides_;
    drop_empty_sections<T>(json);
    try {
      Effective<T> out{core::read_record<T>(json), {}, {}};
      out.json = core::write_record(out.value);
      out.canonical = core::canonical_json(out.json);
      return out;
    } catch (const core::Error& e) {
      throw e.at(where(e.where()));
    }
  }

 private:
  struct Incoming {
    const Document& document;
    std::string_view layer;
    bool same_layer;  ///< a value that is already there was set by a neighbour
  };
  void merge(core::Json& onto, const core::Json& from, const std::string& path, const Incoming& incoming);
  void replace_sources(const std::string& path, const Incoming& incoming);

  core::Json overrides_ = core::Json::object();
  std::map<std::string, Source, std::less<>> sources_;
};

/// One `--set`: the path and the value it gives.
struct Assignment {
  std::string path;
  core::Json value;
};

/// Reads "section.key=value". Throws: Error{argument} placed at "--setting section.key".
Assignment parse_assignment(std::string_view text);

}  // namespace ballast::settings
