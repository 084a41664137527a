#include "host/desk_services.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "host/log_access.hpp"
#include "host/status_line.hpp"
#include "market/store.hpp"

namespace ballast::host {
namespace {

[[noreturn]] void refuse(std::string_view what) {
  throw core::Error(core::Code::state,
                    fmt::format("{} is part of a run: put it into a runbook and use `ballast run`", what));
}

bool inside(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const auto relative = file.lexically_relative(folder);
  return !relative.empty() && *relative.begin() != "..";
}

/// " (did you mean 'x.json'?)" when a file of nearly the same name lies in the same folder.
std::string similar_file(const std::filesystem::path& file) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::directory_iterator(file.parent_path().empty() ? "." : file.parent_path(), ignored))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return core::did_you_mean(file.filename().string(), names);
}

}  // namespace

std::string read_text(const std::filesystem::path& file, const std::string& shown) {
  std::string bytes = core::read_file(file, std::size_t{256} << 20);
  if (!core::is_utf8(bytes)) throw core::Error(core::Code::argument, "not UTF-8 text", shown);
  return bytes;
}

std::vector<std::string> names_in_folder(const std::filesystem::path& folder) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    if (entry.is_regular_file(ignored)) out.push_back(entry.path().filename().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

DeskServices::DeskServices(const Desk& desk, const Configuration& configuration, const core::Clock& clock)
    : desk_(desk), configuration_(configuration), clock_(clock) {}
DeskServices::~DeskServices() = default;

market::Store& DeskServices::market_store() {
  if (!store_) {
    store_ = std::make_unique<market::Store>(
        market::Store::open(desk_.var / configuration_.settings.market.store, market::Mode::read));
  }
  return *store_;
}

std::filesystem::path DeskServices::resolve(const std::string& path) const {
  std::error_code absent;
  if ((permitted_.contains(path) || everything_) && std::filesystem::exists(path, absent)) return path;
  std::vector<std::filesystem::path> roots = desk_.roots();
  roots.push_back(desk_.var);
  std::error_code ignored;
  std::filesystem::path first;
  for (const auto& root : roots) {
    const auto base = std::filesystem::weakly_canonical(root, ignored);
    // Canonical first: neither ".." nor a link leads out of the folders that a script may read.
    const auto file = std::filesystem::weakly_canonical(base / path, ignored);
    if (!inside(file, base)) continue;
    if (std::filesystem::exists(file, ignored)) return file;
    if (first.empty()) first = file;
  }
  // `var/...` as it is usually written means the folder given by --var.
  if (path.starts_with("var/")) {
    const auto base = std::filesystem::weakly_canonical(desk_.var, ignored);
    const auto file = std::filesystem::weakly_canonical(base / path.substr(4), ignored);
    if (inside(file, base)) return file;
  }
  if (first.empty()) {
    if (everything_ || permitted_.contains(path)) return path;
    throw core::Error(core::Code::argument,
                      "outside the folders that a script may read: the desk, var and the installation", path);
  }
  return first;
}

std::string DeskServices::read_file(const std::string& path) {
  const auto file = resolve(path);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    throw core::Error(core::Code::not_found, fmt::format("there is no such file{}", similar_file(file)), path);
  return read_text(file, path);
}

bool DeskServices::file_exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(resolve(path), ignored);
}

std::vector<std::string> DeskServices::list_files(const std::string& folder) {
  return names_in_folder(resolve(folder));
}

core::Json DeskServices::settings(const std::string& path) {
  const core::Json* at = &configuration_.value();
  std::size_t from = 0;
  while (from < path.size()) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    const std::string key = path.substr(from, dot - from);
    if (!at->is_object() || !at->contains(key)) {
      const core::Json& all = configuration_.value();
      const auto unreadable = all.find("unreadable_governors");
      if (path.substr(0, from) == "governors." && unreadable != all.end() && unreadable->contains(key)) {
        throw core::Error(core::Code::argument, (*unreadable)[key].get<std::string>());
      }
      std::vector<std::string> keys;
      if (at->is_object()) {
        for (const auto& [each, value] : at->items()) keys.push_back(each);
      }
      const std::vector<std::string_view> views(keys.begin(), keys.end());
      throw core::Error(core::Code::not_found, fmt::format("no setting '{}'{}", path, core::suggestion(key, views)));
    }
    at = &(*at)[key];
    from = dot + 1;
  }
  return *at;
}

core::Json DeskServices::run_information() { refuse("run.information"); }
core::Json DeskServices::decide(const std::string&, const core::Json&, const core::Json&) { refuse("run.decide"); }
core::Json DeskServices::log_entry(const core::Json&) { refuse("journal.append"); }
core::Json DeskServices::step_started(const std::string&, const core::Json&) { refuse("a step"); }
core::Json DeskServices::step_finished(const std::string&, const core::Json&) { refuse("a step"); }
void DeskServices::step_failed(const std::string&, const core::Json&) { refuse("a step"); }
core::Json DeskServices::effect_started(const std::string&) { refuse("an effect"); }
core::Json DeskServices::effect_planned(const std::string&, const core::Json&) { refuse("an effect"); }
void DeskServices::effect_finished(const std::string&, const core::Json&) { refuse("an effect"); }
void DeskServices::outside_entered(const std::string&) { refuse("an effect"); }
void DeskServices::outside_left(const std::string&) { refuse("an effect"); }
core::Json DeskServices::undo_started(const std::string&) { refuse("an effect"); }
void DeskServices::undo_finished(const std::string&) { refuse("an effect"); }
bool DeskServices::check(const std::string&, bool) { refuse("a check"); }
core::Json DeskServices::approve(const core::Json&) { refuse("an approval"); }
core::Json DeskServices::confirm(const core::Json&) { refuse("a confirmation"); }
void DeskServices::notify(const core::Json&) { refuse("a notice"); }
core::Json DeskServices::wait(const core::Json&) { refuse("waiting"); }
void DeskServices::children_started(const core::Json&) { refuse("a child run"); }
core::Json DeskServices::children_finished(const core::Json&, std::int64_t) { refuse("a child run"); }
core::Json DeskServices::child_undone(const std::string&) { refuse("a child run"); }
void DeskServices::write_file(const std::string&, const std::string&) { refuse("files.write"); }
void DeskServices::remove_file(const std::string&) { refuse("files.remove"); }
core::Json DeskServices::write_artefact(const std::string&, const std::string&) { refuse("run.artefact"); }
core::Json DeskServices::last_entry(const core::Json& filter) { return last_matching_entry(desk_, filter); }

void DeskServices::print(std::string_view text) {
  output_ += text.size();
  if (output_ > output_limit_) {
    throw core::Error(core::Code::budget, fmt::format("the output limit of {} KiB is reached", output_limit_ >> 10));
  }
  if (print_nothing_) return;
  const StatusLinePause pause;
  std::fwrite(text.data(), 1, text.size(), print_to_error_ ? stderr : stdout);
}

}  // namespace ballast::host
