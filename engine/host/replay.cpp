#include "host/replay.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "host/evidence.hpp"
#include "host/policy_runner.hpp"
#include "host/script_error.hpp"
#include "journal/bundle.hpp"
#include "journal/log_reader.hpp"

namespace ballast::host {
namespace {

void compare(const core::Json& recorded, const core::Json& found, const std::string& path, std::vector<Difference>& out) {
  if (recorded.is_object() && found.is_object()) {
    std::set<std::string> keys;
    for (const auto& [key, value] : recorded.items()) keys.insert(key);
    for (const auto& [key, value] : found.items()) keys.insert(key);
    for (const std::string& key : keys) {
      const core::Json left = recorded.contains(key) ? recorded[key] : core::Json();
      const core::Json right = found.contains(key) ? found[key] : core::Json();
      compare(left, right, path.empty() ? key : path + "." + key, out);
    }
    return;
  }
  if (recorded.is_array() && found.is_array() && recorded.size() == found.size()) {
    for (std::size_t i = 0; i < recorded.size(); ++i) compare(recorded[i], found[i], fmt::format("{}[{}]", path, i), out);
    return;
  }
  if (core::canonical_json(recorded) != core::canonical_json(found)) out.push_back({path, recorded, found});
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

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 16 && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

std::vector<Difference> differences_of(const core::Json& recorded, const core::Json& found) {
  std::vector<Difference> out;
  compare(recorded, found, {}, out);
  return out;
}

std::vector<RecordedDecision> find_recorded(const Desk& desk, const std::string& subject) {
  std::vector<RecordedDecision> out;
  std::error_code ignored;
  if (!is_number(subject) && std::filesystem::is_regular_file(subject, ignored)) {
    const journal::Bundle bundle = journal::open_bundle(subject);
    for (const journal::BundleEntry& each : bundle.entries) {
      if (each.json.contains("policy")) out.push_back(collect(each.json, [&](const std::string& sha256) { return bundle.object(sha256); }));
    }
    return out;
  }
  journal::LogReader log(log_folder(desk));
  const journal::ObjectStore objects(objects_folder(desk));
  std::vector<journal::Entry> entries;
  if (is_number(subject)) {
    const auto entry = log.entry(std::stoull(subject));
    if (!entry) throw core::Error(core::Code::not_found, fmt::format("no entry {} in the log", subject));
    entries.push_back(*entry);
  } else {
    journal::Query query;
    query.run = subject;
    entries = log.query(query);
    if (entries.empty()) throw core::Error(core::Code::not_found, fmt::format("'{}' is neither an entry, nor a run with entries, nor a bundle", subject));
  }
  for (const journal::Entry& entry : entries) {
    core::Json json = entry.json();
    if (json.contains("policy")) out.push_back(collect(std::move(json), [&](const std::string& sha256) { return objects.get(sha256); }));
  }
  return out;
}

ReplayResult replay_decision(const Desk& desk, const RecordedDecision& recorded, const std::optional<std::string>& judge,
                             const Limits& judge_limits) {
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
      for (const auto& [library, text] : recorded.library_texts) {
        std::string place = library;
        std::replace(place.begin(), place.end(), '.', '/');
        source.libraries.emplace(library, make_script(library, fmt::format("lua/{}.lua", place), text));
      }
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
