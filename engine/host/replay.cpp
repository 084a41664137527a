#include "host/replay.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <set>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/nearest.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/script_error.hpp"
#include "journal/bundle.hpp"
#include "journal/log_reader.hpp"

namespace ballast::host {
namespace {

/// The member by which the elements of both arrays can be told apart, or null.
const char* identity_of(const core::Json& left, const core::Json& right) {
  for (const char* name : {"symbol", "strategy", "code", "name"}) {
    const auto tells = [&](const core::Json& array) {
      std::set<std::string> seen;
      return std::all_of(array.begin(), array.end(), [&](const core::Json& each) {
        return each.is_object() && each.contains(name) && each[name].is_string() &&
               seen.insert(each[name].get<std::string>()).second;
      });
    };
    if (!(left.empty() && right.empty()) && tells(left) && tells(right)) return name;
  }
  return nullptr;
}

/// Turns an array into an object by the identity of its elements.
core::Json by_identity(const core::Json& array, const char* name) {
  core::Json out = core::Json::object();
  for (const core::Json& each : array) out[each[name].get<std::string>()] = each;
  return out;
}

void compare(const core::Json& recorded, const core::Json& found, const std::string& path,
             std::vector<Difference>& out);

/// `shape` makes the path of a member from that of its holder.
template <class Shape>
void compare_members(const core::Json& recorded, const core::Json& found, const Shape& shape,
                     std::vector<Difference>& out) {
  std::set<std::string> keys;
  for (const auto& [key, value] : recorded.items()) keys.insert(key);
  for (const auto& [key, value] : found.items()) keys.insert(key);
  for (const std::string& key : keys)
    compare(recorded.value(key, core::Json()), found.value(key, core::Json()), shape(key), out);
}

void compare(const core::Json& recorded, const core::Json& found, const std::string& path,
             std::vector<Difference>& out) {
  if (core::canonical_json(recorded) == core::canonical_json(found)) return;
  if (recorded.is_object() && found.is_object()) {
    compare_members(
        recorded, found, [&](const std::string& key) { return path.empty() ? key : path + "." + key; }, out);
    return;
  }
  if (recorded.is_array() && found.is_array()) {
    const auto in_brackets = [&](const std::string& key) { return fmt::format("{}[{}]", path, key); };
    if (const char* name = identity_of(recorded, found)) {
      const std::size_t before = out.size();
      compare_members(by_identity(recorded, name), by_identity(found, name), in_brackets, out);
      if (out.size() > before) return;  // else only their order differs
    } else if (recorded.size() == found.size()) {
      for (std::size_t i = 0; i < recorded.size(); ++i)
        compare(recorded[i], found[i], in_brackets(std::to_string(i)), out);
      return;
    }
  }
  out.push_back({path, recorded, found});
}

/// Reads an entry's objects through `get`.
template <class Get>
RecordedDecision collect(core::Json entry, const Get& get) {
  RecordedDecision out;
  out.policy_text = get(entry["policy"]["sha256"].template get<std::string>());
  out.library_manifest = get(entry["libraries_sha256"].template get<std::string>());
  const core::Json manifest = core::parse_json(out.library_manifest, "libraries");
  for (const auto& [name, sha256] : manifest.items()) out.library_texts[name] = get(sha256.template get<std::string>());
  out.input = get(entry["inputs"].at(0)["sha256"].template get<std::string>());
  out.entry = std::move(entry);
  return out;
}

}  // namespace

std::vector<Difference> differences_of(const core::Json& recorded, const core::Json& found) {
  std::vector<Difference> out;
  compare(recorded, found, {}, out);
  return out;
}

Subject read_subject(const Desk& desk, const std::string& text) {
  Subject out;
  out.text = text;
  std::error_code ignored;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, out.seq);
  if (problem == std::errc() && stopped == end) {
    out.kind = SubjectKind::entry;
  } else if (std::filesystem::is_directory(runs_folder(desk) / text, ignored)) {
    out.kind = SubjectKind::run;
  } else if (std::filesystem::is_regular_file(text, ignored)) {
    out.kind = SubjectKind::bundle;
  } else {
    std::vector<std::string> runs;
    for (const auto& each : std::filesystem::directory_iterator(runs_folder(desk), ignored))
      runs.push_back(each.path().filename().string());
    const std::vector<std::string_view> names(runs.begin(), runs.end());
    throw core::Error(core::Code::not_found, fmt::format("'{}' is neither an entry, nor a run, nor a bundle{}", text,
                                                         core::suggestion(text, names)));
  }
  return out;
}

std::vector<RecordedDecision> find_recorded(const Desk& desk, const Subject& subject) {
  std::vector<RecordedDecision> out;
  if (subject.kind == SubjectKind::bundle) {
    const journal::Bundle bundle = journal::open_bundle(subject.text);
    for (const journal::BundleEntry& each : bundle.entries) {
      if (each.json.contains("policy"))
        out.push_back(collect(each.json, [&](const std::string& sha256) { return bundle.object(sha256); }));
    }
    return out;
  }
  journal::LogReader log(log_folder(desk));
  const journal::ObjectStore objects(objects_folder(desk));
  const auto get = [&](const std::string& sha256) { return objects.get(sha256); };
  if (subject.kind == SubjectKind::entry) {
    const auto entry = log.entry(subject.seq);
    if (!entry) throw core::Error(core::Code::not_found, fmt::format("no entry {} in the log", subject.seq));
    core::Json json = entry->json();
    if (!json.contains("policy")) {
      throw core::Error(
          core::Code::argument,
          fmt::format("entry {} ({}) was not decided by a policy{}", subject.seq, json["kind"].get<std::string>(),
                      json.contains("run")
                          ? fmt::format("; its run can be replayed: {}", json["run"].get<std::string>())
                          : ""));
    }
    out.push_back(collect(std::move(json), get));
    return out;
  }
  journal::Query query;
  query.run = subject.text;
  query.limit = std::numeric_limits<std::int64_t>::max();
  for (const journal::Entry& entry : log.query(query)) {
    core::Json json = entry.json();
    if (json.contains("policy")) out.push_back(collect(std::move(json), get));
  }
  return out;
}

ReplayResult replay_decision(const Desk& desk, const RecordedDecision& recorded,
                             const std::optional<std::string>& judge, const Limits& judge_limits) {
  ReplayResult out;
  out.seq = recorded.entry["seq"].get<std::uint64_t>();
  // The record is the limit here: a replay that was allowed to take its time proves more than one that was cut.
  const Limits limits{.seconds = 3600, .memory_mib = 4096, .output_kib = 0, .instructions = 0};
  const core::Json input = core::parse_json(recorded.input, "input");
  try {
    PolicyOutcome outcome;
    if (judge) {
      FolderSource source = desk.source();
      outcome = run_policy(source, *judge, input, judge_limits);
    } else {
      RecordedSource source;
      const std::string name = recorded.entry["policy"]["name"].get<std::string>();
      source.recorded_policy = make_script(name, fmt::format("policies/{}.lua", name), recorded.policy_text);
      for (const auto& [library, text] : recorded.library_texts) source.add_library(library, text);
      outcome = run_policy(source, name, input, limits);
    }
    out.policy = outcome.name;
    const core::Json& decision = recorded.entry["decision"];
    const bool same = core::canonical_json(decision) == outcome.decision_bytes;
    out.status = same ? "same" : "different";
    if (!same) out.differences = differences_of(decision, outcome.decision);
  } catch (const core::Error& e) {
    out.status = "failed";
    out.text = explain(e);
  }
  return out;
}

}  // namespace ballast::host
