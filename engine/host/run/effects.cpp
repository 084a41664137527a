// Effects of a run: planned durably, applied, found by their verify, taken back. Files are written only while an effect
// acts, and only below the roots that the runbook declares.
#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "host/run/services.hpp"

namespace ballast::host {

std::string effect_key(const std::string& run, const std::string& effect, const core::Json& plan) {
  return core::sha256_hex(core::canonical_json(core::Json::array({run, effect, plan}))).substr(0, 32);
}

core::Json RunServices::effect_started(const std::string& name) {
  const std::string doing = fmt::format("effect '{}'", name);
  require_begun();
  settle_failed_step();
  require_not_denied(name);
  if (const core::Json* record = served("step_started", doing)) {
    if ((*record)["step"] != name || !record->value("effect", false)) history_.refuse(doing, describe_record(*record));
    const core::Json* planned = history_.plan_of(name);
    if (const core::Json* finished = history_.take_step_end(name)) {
      core::Json out = recorded_outcome(*finished);
      if (planned != nullptr) {
        out["plan"] = from_object(*planned, "plan");
        out["key"] = (*planned)["key"];
      }
      // It failed after it was planned and the script went on: it may have been applied all the same.
      if (undoing_ && out.contains("error") && out.contains("key")) {
        out["settle"] = true;
        settling_ = name;
      }
      return out;
    }
    open_step_ = name;  // it was begun; whether it was applied its verify will tell
    return {{"finished", false}};
  }
  open_step(name, doing);
  if (!dry()) append_record("step_started", {{"step", name}, {"effect", true}});
  return {{"finished", false}};
}

core::Json RunServices::effect_planned(const std::string& name, const core::Json& given) {
  const std::string doing = fmt::format("the plan of effect '{}'", name);
  if (open_step_ != name) throw core::Error(core::Code::state, doing + " is made and the effect was not begun");
  const std::string key = effect_key(identity_.id, name, given);
  if (const core::Json* record = served("plan", doing)) {
    if ((*record)["step"] != name || (*record)["key"] != key) {
      history_.refuse(doing + " as another one than recorded", describe_record(*record));
    }
    if (undoing_) settling_ = name;
    return {{"todo", undoing_ ? "settle" : "verify"}, {"key", key}, {"plan", given}};
  }
  planned({{"unit", "effect"}, {"name", name}, {"plan", given}});
  if (dry()) {
    plan.predict();
    open_step_.clear();
    return {{"todo", "predict"}, {"key", key}, {"plan", given}};
  }
  core::Json payload = inline_or_object("plan", given, {{"step", name}, {"key", key}});
  journal::Draft draft = draft_of("effect");
  draft.note = name;
  draft.decision = core::Json{{"step", name}, {"key", key}, {"plan_sha256", payload["plan_sha256"]}};
  const std::size_t unclaimed = unclaimed_.size();
  const journal::Appended entry = append_entry(draft);
  payload["entry_seq"] = entry.seq;
  payload["entry_sha256"] = entry.sha256;
  append_record("plan", payload);
  // An earlier execution came as far as its entry: whether it came further its verify tells, not its journal.
  return {{"todo", unclaimed_.size() < unclaimed ? "verify" : "apply"}, {"key", key}, {"plan", given}};
}

void RunServices::effect_finished(const std::string& name, const core::Json& outcome) {
  require_begun();
  if (settling_ == name) settling_.clear();
  if (undoing_ && open_step_.empty()) return;  // its end stands in the history
  if (undoing_ && outcome.is_null()) halt("history_ended", "the last effect was planned and not applied");
  close_step(name, outcome, true);
}

void RunServices::outside_entered(const std::string& name) {
  require_begun();
  if (dry()) throw core::Error(core::Code::state, fmt::format("effect '{}' acts in a dry run", name));
  if (!outside_.empty()) {
    throw core::Error(core::Code::state, fmt::format("effect '{}' acts inside effect '{}'", name, outside_));
  }
  outside_ = name;
}

void RunServices::outside_left(const std::string& name) {
  if (outside_ == name) outside_.clear();
}

void RunServices::end_history() {
  halt_.reset();
  undoing_ = false;
  history_ = {};
  outside_.clear();
  open_step_.clear();
  failed_step_.reset();
  awaited_.clear();
  stop.clear();
}

core::Json RunServices::undo_started(const std::string& name) {
  require_begun();
  const auto known = undone_.find(name);
  const std::string state = known == undone_.end() ? "" : known->second;
  if (state == "finished") return {{"todo", "nothing"}};
  const bool leave = state == "left" || leave_.contains(name);
  const std::string next = leave ? "left" : "started";
  if (state != next) {
    journal::Draft draft = draft_of("undo");
    draft.actor = people_.actor;  // who takes it back, and when
    if (!identity_.clock_given) draft.time = clock_.now();
    draft.note = leave ? name + " is left as it is" : name;
    draft.decision = core::Json{{"step", name}, {"state", next}};
    const journal::Appended entry = append_entry(draft);
    append_record("undo", {{"step", name}, {"state", next}, {"entry_seq", entry.seq}, {"entry_sha256", entry.sha256}});
    undone_[name] = next;
  }
  if (!leave) taking_back_ = name;
  return {{"todo", leave ? "leave" : state == "started" ? "verify" : "undo"}};
}

void RunServices::undo_finished(const std::string& name) {
  require_begun();
  if (!undone_.contains(name))
    throw core::Error(core::Code::state, fmt::format("the undo of '{}' was not begun", name));
  append_record("undo", {{"step", name}, {"state", "finished"}});
  undone_[name] = "finished";
  taking_back_.clear();
}

std::string RunServices::give_up_undo() {
  if (taking_back_.empty()) return {};
  append_record("undo", {{"step", taking_back_}, {"state", "failed"}});
  undone_[taking_back_] = "failed";
  return std::exchange(taking_back_, {});
}

bool RunServices::took_back() const {
  return std::any_of(undone_.begin(), undone_.end(), [&](const auto& each) {
    if (each.second == "finished" || each.second == "left") return true;
    // A child whose abort was refused before anything was taken back has its end still.
    const auto child = children_begun_.find(each.first);
    if (child == children_begun_.end()) return false;
    const FoldedJournal journal = read_run(runs_folder(desk_) / child->second.run);
    return !journal.end || (*journal.end)["kind"] != "run_finished";
  });
}

std::optional<std::filesystem::path> RunServices::below_root(const std::string& path) const {
  const auto slash = path.find('/');
  const auto root = identity_.roots.find(path.substr(0, slash));
  if (root == identity_.roots.end()) return std::nullopt;
  const std::filesystem::path rest =
      slash == std::string::npos ? std::filesystem::path() : std::filesystem::path(path.substr(slash + 1));
  std::error_code ignored;
  const auto base = std::filesystem::weakly_canonical(root->second, ignored);
  // Canonical first: neither ".." nor a link leads out of the root.
  const auto file = std::filesystem::weakly_canonical(base / rest, ignored);
  const auto relative = file.lexically_relative(base);
  if (relative.empty() || *relative.begin() == "..") {
    throw core::Error(core::Code::argument, fmt::format("leads out of the root '{}'", root->first), path);
  }
  return file;
}

std::filesystem::path RunServices::writable(const std::string& path) const {
  if (outside_.empty()) {
    throw core::Error(core::Code::state,
                      "a runbook changes files only in the apply or undo of an effect; run:artefact writes what it has "
                      "to report",
                      path);
  }
  const auto file = below_root(path);
  if (!file || path.find('/') == std::string::npos || path.ends_with('/')) {
    std::vector<std::string_view> names;
    for (const auto& [name, folder] : identity_.roots) names.push_back(name);
    throw core::Error(core::Code::argument,
                      names.empty() ? std::string("the runbook declares no roots, so its effects may write no files")
                                    : fmt::format("not below a root that the runbook declares{}",
                                                  core::suggestion(path.substr(0, path.find('/')), names)),
                      path);
  }
  return *file;
}

void RunServices::write_file(const std::string& path, const std::string& bytes) {
  core::write_file_atomically(writable(path), bytes);
}

void RunServices::remove_file(const std::string& path) {
  const std::filesystem::path file = writable(path);
  if (::unlink(file.c_str()) != 0) {
    if (errno == ENOENT) return;
    core::throw_errno("remove", file.string(), errno);
  }
  core::sync_folder(file.parent_path());
  // Folders that were made for the file go with it, the root too.
  for (auto folder = file.parent_path();; folder = folder.parent_path()) {
    const std::string below = path.substr(0, path.find('/'));
    if (::rmdir(folder.c_str()) != 0) return;
    if (folder == std::filesystem::weakly_canonical(identity_.roots.at(below))) return;
  }
}

std::string RunServices::read_file(const std::string& path) {
  const auto file = below_root(path);
  if (!file) return DeskServices::read_file(path);
  std::error_code ignored;
  if (!std::filesystem::exists(*file, ignored)) throw core::Error(core::Code::not_found, "there is no such file", path);
  return read_text(*file, path);
}

bool RunServices::file_exists(const std::string& path) {
  const auto file = below_root(path);
  std::error_code ignored;
  return file ? std::filesystem::is_regular_file(*file, ignored) : DeskServices::file_exists(path);
}

std::vector<std::string> RunServices::list_files(const std::string& folder) {
  const auto file = below_root(folder);
  return file ? names_in_folder(*file) : DeskServices::list_files(folder);
}

}  // namespace ballast::host
