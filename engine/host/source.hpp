// Where scripts come from: the desk folder first, then the installation; or, for a replay, the recorded objects.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ballast::host {

/// One script as it was read.
struct Script {
  std::string name;   ///< how it was asked for: "bounds", "portfolio_governor"
  std::string place;  ///< how messages call it: "lua/bounds.lua"
  std::string text;
  std::filesystem::path file;  ///< empty when it did not come from a file

  /// The hash of the text. Computed when asked: what is not recorded need not wake the crypto library.
  std::string sha256() const;
};

/// Makes a Script from text. Throws: Error{argument} for binary chunks and text that is not UTF-8.
Script make_script(std::string name, std::string place, std::string text);

class ScriptSource {
 public:
  virtual ~ScriptSource() = default;
  /// Finds `lua/<name>.lua` (dots are folders). Throws: Error{not_found} with the nearest name.
  virtual Script library(const std::string& name) = 0;
  /// Finds `policies/<name>.lua`, or the file itself when `name` is a path. Throws: Error{not_found}.
  virtual Script policy(const std::string& name) = 0;
};

/// Looks in folders, first hit wins.
class FolderSource final : public ScriptSource {
 public:
  explicit FolderSource(std::vector<std::filesystem::path> roots) : roots_(std::move(roots)) {}
  Script library(const std::string& name) override;
  Script policy(const std::string& name) override;
  const std::vector<std::filesystem::path>& roots() const { return roots_; }
  /// Finds a file given as written or below one of the roots; nothing when there is none.
  std::optional<std::filesystem::path> find(const std::filesystem::path& relative) const;
  /// " (did you mean 'x'?)" with the nearest script of a folder such as "runbooks": its name, or its path when `name`
  /// is one. Empty when none is near.
  std::string did_you_mean(const std::string& folder, const std::string& name) const;

 private:
  Script load(const std::string& kind, const std::string& folder, const std::string& name);
  std::vector<std::filesystem::path> roots_;
};

/// Gives what a record holds and nothing else.
class RecordedSource final : public ScriptSource {
 public:
  std::map<std::string, Script> libraries;
  Script recorded_policy;
  /// Adds a library under the place that it has in a desk, which messages name.
  void add_library(const std::string& name, std::string text);
  Script library(const std::string& name) override;
  Script policy(const std::string&) override { return recorded_policy; }
};

}  // namespace ballast::host
