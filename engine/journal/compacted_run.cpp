#include "journal/compacted_run.hpp"

#include <fmt/format.h>

#include "core/canonical_scan.hpp"
#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/signature_file.hpp"
#include "journal/desk_layout.hpp"
#include "journal/line.hpp"
#include "journal/object_store.hpp"

namespace ballast::journal {
namespace {

using core::Json;
namespace fs = std::filesystem;

constexpr std::size_t kLongest = std::size_t{1} << 28;

std::string sha256_member(const Json& json, const char* name) {
  std::string out = json.at(name).get<std::string>();
  if (!is_sha256_hex(out)) throw core::Error(core::Code::argument, fmt::format("{} is not a SHA-256", name));
  return out;
}

/// Throws: Json::exception or Error for a member that is missing or of another kind.
CompactedRun from_json(const Json& json) {
  if (json.value("format", Json()) != kCompactedFormat)
    throw core::Error(core::Code::argument, fmt::format("it is not a {}", kCompactedFormat));
  if (json.value("version", Json()) != 1)
    throw core::Error(core::Code::argument, "its version is not known here (accepted: 1)");
  CompactedRun out;
  out.run = json.at("run").get<std::string>();
  out.status = json.at("status").get<std::string>();
  out.actor = json.at("actor").get<std::string>();
  out.time = core::parse_instant(json.at("time").get<std::string>());
  out.records = json.at("records").get<std::uint64_t>();
  out.sha256 = sha256_member(json, "sha256");
  out.log_seq = json.at("log_seq").get<std::uint64_t>();
  const Json& archive = json.at("archive");
  out.archive = archive.at("name").get<std::string>();
  out.archive_folder = archive.at("folder").get<std::string>();
  out.archive_sha256 = sha256_member(archive, "sha256");
  out.archive_size = archive.at("size").get<std::uint64_t>();
  for (const Json& each : json.at("entries"))
    out.entries.emplace_back(each.at("seq").get<std::uint64_t>(), sha256_member(each, "sha256"));
  for (const Json& each : json.at("artefacts"))
    out.artefacts[each.at("path").get<std::string>()] = {sha256_member(each, "sha256"),
                                                         each.at("record").get<std::uint64_t>()};
  for (const Json& each : json.at("recoveries"))
    out.recoveries[each.at("file").get<std::string>()] = sha256_member(each, "sha256");
  out.objects = json.at("objects").get<std::vector<std::string>>();
  return out;
}

}  // namespace

std::string compacted_text(const CompactedRun& run, const core::Signer& signer) {
  Json json{{"format", std::string(kCompactedFormat)},
            {"version", 1},
            {"run", run.run},
            {"status", run.status},
            {"actor", run.actor},
            {"time", core::format_instant(run.time)},
            {"records", run.records},
            {"sha256", run.sha256},
            {"log_seq", run.log_seq},
            {"archive",
             {{"name", run.archive},
              {"folder", run.archive_folder},
              {"sha256", run.archive_sha256},
              {"size", run.archive_size}}},
            {"entries", Json::array()},
            {"artefacts", Json::array()},
            {"recoveries", Json::array()},
            {"objects", run.objects}};
  for (const auto& [seq, sha256] : run.entries) json["entries"].push_back({{"seq", seq}, {"sha256", sha256}});
  for (const auto& [path, written] : run.artefacts)
    json["artefacts"].push_back({{"path", path}, {"sha256", written.first}, {"record", written.second}});
  for (const auto& [file, sha256] : run.recoveries) json["recoveries"].push_back({{"file", file}, {"sha256", sha256}});
  return sign_text(core::canonical_json(json), core::Purpose::artefact, signer) + "\n";
}

std::optional<std::string> read_compacted(std::string_view text, const core::Verifier& verifier, CompactedRun& run,
                                          core::SignatureStatus& status) {
  if (text.empty() || text.back() != '\n') return "it does not end with a line feed";
  text.remove_suffix(1);
  std::vector<core::ScannedMember> members;
  if (const auto problem = core::scan_canonical_object(text, members))
    return fmt::format("byte {}: {}", problem->offset + 1, problem->reason);
  const auto cut = core::cut_member(text, members, "signature");
  if (!cut) return "it is not signed";
  const auto signature = core::read_signature(cut->value);
  if (!signature) return "its signature is not {algorithm, key_id, value}";
  try {
    run = from_json(core::parse_json(text, std::string(kCompactedName)));
  } catch (const core::Error& e) {
    return e.message();
  } catch (const Json::exception&) {
    return "a member is missing or has the wrong type";
  }
  status = verifier.verify_at(core::Purpose::artefact, cut->rest(), *signature, run.time);
  return std::nullopt;
}

CompactedRun read_compacted(const fs::path& run_folder) {
  const fs::path file = run_folder / kCompactedName;
  try {
    return from_json(core::parse_json(core::read_file(file, kLongest), file.string()));
  } catch (const Json::exception&) {
    throw core::Error(core::Code::argument, "a member is missing or has the wrong type", file.string());
  }
}

fs::path archive_of(const CompactedRun& run, const fs::path& run_folder) {
  const fs::path whole = fs::absolute(run_folder).lexically_normal();
  const fs::path var = (whole.has_filename() ? whole : whole.parent_path()).parent_path().parent_path();
  return (var / run.archive_folder / run.archive).lexically_normal();  // an absolute folder stands for itself
}

void verify_compacted(const fs::path& folder, const core::Verifier& verifier, const std::vector<StatedEnd>& ends,
                      VerifyReport& report, FindingList& findings, RunFacts& facts) {
  const std::string name(kCompactedName);
  const auto add = [&](FindingCode code, const std::string& file, std::string sentence) {
    findings.add({code, file, 0, std::nullopt, 0, 1, std::move(sentence)});
  };
  ++report.files;
  CompactedRun run;
  core::SignatureStatus status = core::SignatureStatus::wrong;
  if (const auto wrong = read_compacted(core::read_file(folder / name, kLongest), verifier, run, status)) {
    add(FindingCode::malformed, name, fmt::format("not a statement in place of a journal: {}", *wrong));
    return;
  }
  if (status == core::SignatureStatus::valid) {
    ++report.signatures;
  } else {
    add(status == core::SignatureStatus::wrong ? FindingCode::changed : finding_code_of(status), name,
        fmt::format("the statement in place of the journal is not proved by its signature: {}",
                    core::signature_status_text(status)));
  }
  facts.id = run.run;
  facts.finished = true;
  facts.records = run.records;
  facts.log_seq = run.log_seq;
  facts.recoveries = run.recoveries;
  for (const auto& [seq, sha256] : run.entries)
    facts.entries.push_back({0, 0, seq, digest_from_hex(sha256).value_or(core::Digest{})});
  for (const auto& [path, written] : run.artefacts) facts.artefacts[path] = {written.second, 0, written.first};
  // The end of the journal is what the log states, whoever signed the statement.
  for (const StatedEnd& each : ends) {
    const bool last = &each == &ends.back();
    if (last ? each.journal.records == run.records && each.journal.sha256 == run.sha256
             : each.journal.records < run.records)
      continue;
    add(FindingCode::changed, name,
        fmt::format("entry {} of the log states another end of the run's journal: record {} with SHA-256 {}", each.seq,
                    each.journal.records, each.journal.sha256));
  }
  const fs::path archive = archive_of(run, folder);
  const bool is_below = fs::path(run.archive_folder).is_relative();
  ++report.compacted;
  ++report.references;
  if (fs::is_regular_file(archive)) {
    if (core::sha256_file_hex(archive) != run.archive_sha256) {
      add(FindingCode::changed, name,
          fmt::format("the archive {} is not the one that holds the run's journal", archive.string()));
    }
  } else if (is_below) {
    add(FindingCode::missing, name,
        fmt::format("the archive {} with the run's journal is not there", archive.string()));
  } else {
    ++report.archives_away;  // on a disk that is not here; nothing of it can be judged
  }
}

}  // namespace ballast::journal
