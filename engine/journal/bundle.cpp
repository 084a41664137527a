#include "journal/bundle.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/canonical_scan.hpp"
#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"
#include "journal/bundle_journal.hpp"
#include "journal/chain_check.hpp"
#include "journal/entry.hpp"
#include "journal/head.hpp"
#include "journal/line.hpp"
#include "journal/run_journal.hpp"
#include "journal/verify_parts.hpp"

namespace ballast::journal {
namespace {

using core::Code;
using core::Error;
using core::Json;
using core::Purpose;
using core::SignatureStatus;

constexpr std::string_view kFormat = "ballast-bundle";

Json bytes_json(const std::string& bytes) {
  if (core::is_utf8(bytes)) return Json{{"encoding", "utf-8"}, {"data", bytes}};
  return Json{{"encoding", "base64"}, {"data", core::to_base64(bytes)}};
}

std::string bytes_from(const Json& json) {
  const std::string data = json.at("data").get<std::string>();
  if (json.at("encoding") == "utf-8") return data;
  if (json.at("encoding") == "base64") return core::from_base64(data);
  throw Error(Code::argument, "an encoding that is not known (accepted: utf-8, base64)");
}

void take_record(Bundle& out, const Json& record, std::size_t number) {
  const auto text = [&](const char* name) { return record.at(name).get<std::string>(); };
  if (number == 1) {
    if (record.value("format", Json()) != kFormat) throw Error(Code::argument, "not a ballast-bundle");
    if (record.at("version") != 1) throw Error(Code::argument, "its version is not known here (accepted: 1)");
    out.log_id = text("log_id");
    out.created = core::parse_instant(text("created"));
    if (record.contains("run")) out.run = text("run");
  } else if (record.contains("head")) {
    out.head = text("head");
  } else if (record.contains("public_keys")) {
    out.public_keys = text("public_keys");
  } else if (record.contains("entry")) {
    const std::string line = text("entry");
    if (record.at("chained").get<bool>()) out.chain.push_back(line);
    Json json = core::parse_json(line, "entry");
    const std::uint64_t seq = json.at("seq").get<std::uint64_t>();
    out.entries.push_back({seq, core::sha256_hex(line), line, std::move(json)});
  } else if (record.contains("link")) {
    out.chain.push_back(text("link"));
  } else if (record.contains("object")) {
    std::string bytes = bytes_from(record);
    if (core::sha256_hex(bytes) != text("object"))
      throw Error(Code::argument, fmt::format("the object {} does not match its name", text("object")));
    out.objects.emplace(text("object"), std::move(bytes));
  } else if (record.contains("file")) {
    std::string bytes = bytes_from(record);
    if (core::sha256_hex(bytes) != text("sha256"))
      throw Error(Code::argument, fmt::format("the file {} does not match its hash", text("file")));
    out.files.emplace(text("file"), std::move(bytes));
  } else {
    throw Error(Code::argument, "a record of a kind that version 1 does not know");
  }
}

}  // namespace

const std::string& Bundle::object(const std::string& sha256) const {
  const auto at = objects.find(sha256);
  if (at == objects.end()) throw Error(Code::not_found, fmt::format("the bundle does not hold the object {}", sha256));
  return at->second;
}

std::vector<std::string> objects_of(const Json& entry) {
  std::vector<std::string> out;
  if (entry.contains("policy")) out.push_back(entry["policy"].at("sha256"));
  for (const char* name : {"libraries_sha256", "settings_sha256"}) {
    if (entry.contains(name)) out.push_back(entry[name]);
  }
  if (entry.contains("inputs")) {
    for (const Json& input : entry["inputs"]) out.push_back(input.at("sha256"));
  }
  return out;
}

std::vector<std::string> libraries_of(const std::string& bytes) {
  std::vector<std::string> out;
  std::vector<core::ScannedMember> members;
  if (core::scan_canonical_object(bytes, members)) return out;
  for (const auto& member : members) {
    const auto name = core::plain_string(member.value);
    if (!name || !is_sha256_hex(*name)) return {};
    out.emplace_back(*name);
  }
  return out;
}

namespace {

/// What a verification saw of a log, so that nothing else gets into a bundle.
struct SeenLog {
  std::string head_bytes;
  Head head;
  std::vector<core::Digest> hashes;   ///< hashes[seq - 1] is of the line of entry seq
  std::vector<std::uint64_t> of_run;  ///< entries of the run that was asked for
};

SeenLog see_log(const std::filesystem::path& folder, const core::Verifier& verifier, const std::string& run) {
  constexpr int kTries = 3;  // others may commit between the verification and the reading of HEAD
  for (int i = 0; i < kTries; ++i) {
    SeenLog out;
    LogParts parts;
    parts.each_entry = [&](const EntryFact& entry) {
      if (entry.seq == out.hashes.size() + 1) out.hashes.push_back(entry.hash);
      if (!run.empty() && entry.run == run) out.of_run.push_back(entry.seq);
    };
    const VerifyReport report = verify_log_parts(folder, verifier, {}, parts);
    if (!report.verified()) {
      throw Error(
          Code::state,
          fmt::format("the log does not verify, so no bundle is made of it: {}", report.findings.front().sentence),
          folder.string());
    }
    out.head_bytes = core::read_file(folder / "HEAD", 1 << 20);
    SignatureStatus status = SignatureStatus::wrong;
    if (!read_head(out.head_bytes, verifier, out.head, status) && status == SignatureStatus::valid &&
        out.head.seq == report.head_seq && out.head.sha256 == report.head_sha256 && out.hashes.size() >= out.head.seq) {
      return out;
    }
  }
  throw Error(Code::state, "HEAD changed while the bundle was made; try again", folder.string());
}

/// Returns the entry whose line the verification saw.
Entry seen_entry(LogReader& log, const SeenLog& seen, std::uint64_t seq) {
  auto entry = log.entry(seq);
  if (!entry || core::sha256(entry->line) != seen.hashes.at(static_cast<std::size_t>(seq - 1))) {
    throw Error(Code::state, fmt::format("entry {} is not the one that was verified; run ballast verify", seq),
                log.folder().string());
  }
  return std::move(*entry);
}

void refuse_wrong_journal(const std::string& bytes, const std::vector<Entry>& entries, const core::Verifier& verifier,
                          const std::filesystem::path& path) {
  std::vector<BundleEntry> taken;
  for (const Entry& each : entries) taken.push_back({each.place.seq, each.place.sha256, each.line, each.json()});
  VerifyReport report;
  FindingList findings(report, 1);
  check_bundled_journal(bytes, taken, verifier, false, path.filename().string(), report, findings);
  if (!report.verified()) {
    throw Error(
        Code::state,
        fmt::format("the run does not verify, so no bundle is made of it: {}", report.findings.front().sentence),
        path.string());
  }
}

void write_bundle(LogReader& log, const ObjectStore& objects, std::vector<std::uint64_t> seqs, const SeenLog& seen,
                  const core::Signer& signer, const core::Verifier& verifier, const core::Clock& clock,
                  const std::filesystem::path& file, const BundleOptions& options) {
  const Head& head = seen.head;
  if (seqs.back() > head.seq || seqs.front() == 0)
    throw Error(Code::not_found, fmt::format("there is no entry {}; HEAD is at entry {}", seqs.back(), head.seq),
                log.folder().string());

  std::string out;
  const auto add = [&](const Json& record) { out += core::canonical_json(record) + "\n"; };
  Json first{{"format", std::string(kFormat)},
             {"version", 1},
             {"log_id", head.log_id},
             {"created", core::format_instant(clock.now())},
             {"entries", seqs}};
  std::vector<Entry> entries;
  std::set<std::string> runs;
  for (const std::uint64_t seq : seqs) {
    entries.push_back(seen_entry(log, seen, seq));
    const Json json = entries.back().json();
    runs.insert(json.contains("run") ? json["run"].get<std::string>() : "");
  }
  if (runs.size() == 1 && !runs.begin()->empty()) first["run"] = *runs.begin();
  add(first);
  add(Json{{"head", seen.head_bytes}});
  if (options.public_keys) add(Json{{"public_keys", *options.public_keys}});
  const bool chained = head.seq - seqs.front() < options.most_links;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    add(Json{{"entry", entries[i].line}, {"chained", chained}});
    const std::uint64_t until = i + 1 < entries.size() ? entries[i + 1].place.seq : head.seq + 1;
    for (std::uint64_t seq = entries[i].place.seq + 1; chained && seq < until; ++seq)
      add(Json{{"link", seen_entry(log, seen, seq).line}});
  }
  std::set<std::string> names = options.objects;
  for (const Entry& entry : entries) {
    const Json json = entry.json();
    for (const std::string& name : objects_of(json)) names.insert(name);
    if (json.contains("libraries_sha256")) {
      for (const std::string& name : libraries_of(objects.get(json["libraries_sha256"].get<std::string>())))
        names.insert(name);
    }
  }
  for (const std::string& name : names) {
    Json record = bytes_json(objects.get(name));
    record["object"] = name;
    add(record);
  }
  for (const auto& [name, path] : options.files) {
    const std::string bytes = core::read_file(path);
    if (name == kRunJournalName) refuse_wrong_journal(bytes, entries, verifier, path);
    Json record = bytes_json(bytes);
    record["file"] = name;
    record["sha256"] = core::sha256_hex(bytes);
    add(record);
  }
  const std::string end =
      core::canonical_json(Json{{"end", "ballast-bundle"}, {"sha256", core::sha256_hex(out)}, {"size", out.size()}});
  out += sign_text(end, Purpose::artefact, signer) + "\n";
  core::write_file_atomically(file, out);
}

}  // namespace

void export_bundle(LogReader& log, const ObjectStore& objects, std::vector<std::uint64_t> seqs,
                   const core::Signer& signer, const core::Verifier& verifier, const core::Clock& clock,
                   const std::filesystem::path& file, const BundleOptions& options) {
  std::sort(seqs.begin(), seqs.end());
  seqs.erase(std::unique(seqs.begin(), seqs.end()), seqs.end());
  if (seqs.empty()) throw Error(Code::argument, "a bundle holds at least one entry", file.string());
  const SeenLog seen = see_log(log.folder(), verifier, "");
  write_bundle(log, objects, std::move(seqs), seen, signer, verifier, clock, file, options);
}

void export_run_bundle(LogReader& log, const ObjectStore& objects, const std::string& run, const core::Signer& signer,
                       const core::Verifier& verifier, const core::Clock& clock, const std::filesystem::path& file,
                       const BundleOptions& options) {
  const SeenLog seen = see_log(log.folder(), verifier, run);
  if (seen.of_run.empty())
    throw Error(Code::not_found, fmt::format("the log has no entry of run '{}'", run), log.folder().string());
  write_bundle(log, objects, seen.of_run, seen, signer, verifier, clock, file, options);
}

Bundle open_bundle(const std::filesystem::path& file) {
  const std::string text = core::read_file(file);
  Bundle out;
  std::vector<core::ScannedMember> members;
  std::size_t number = 0;
  bool ended = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string where = fmt::format("{}:{}", file.string(), ++number);
    try {
      if (end == std::string::npos) throw Error(Code::argument, "the last record ends without its line feed");
      if (ended) throw Error(Code::argument, "records after the end");
      const std::string_view line = std::string_view(text).substr(at, end - at);
      if (const auto problem = core::scan_canonical_object(line, members)) {
        throw Error(Code::argument,
                    fmt::format("not canonical JSON at byte {}: {}", problem->offset + 1, problem->reason));
      }
      if (core::find_member(members, "end") != nullptr) {
        const auto cut = core::cut_member(line, members, "signature");
        const auto signature = cut ? core::read_signature(cut->value) : std::nullopt;
        const auto* hash = core::find_member(members, "sha256");
        if (!signature || hash == nullptr) throw Error(Code::argument, "the end is not sealed");
        if (core::plain_string(hash->value) != core::sha256_hex(std::string_view(text).substr(0, at))) {
          throw Error(Code::argument, "the bundle was changed: its records do not have the hash that its end states");
        }
        out.seal = *signature;
        out.sealed_bytes = cut->rest();
        ended = true;
      } else {
        take_record(out, core::parse_json(line, where), number);
      }
    } catch (const Error& e) {
      throw e.at(where);
    } catch (const Json::exception&) {
      throw Error(Code::argument, "a record lacks a member or has one of the wrong type", where);
    }
    at = end + 1;
  }
  if (!ended) throw Error(Code::argument, "the bundle has no end: it was cut", file.string());
  return out;
}

VerifyReport verify_bundle(const std::filesystem::path& file, const core::Verifier& verifier,
                           const VerifyOptions& options) {
  VerifyReport report;
  report.subject = file.string();
  report.kind = "bundle";
  FindingList findings(report, options.most_findings);
  const std::string name = file.filename().string();
  const auto add = [&](FindingCode code, std::optional<std::uint64_t> seq, std::string sentence) {
    findings.add({code, name, 0, seq, 0, 1, std::move(sentence)});
  };
  Bundle bundle;
  try {
    bundle = open_bundle(file);
  } catch (const Error& e) {
    if (e.code() != Code::argument) throw;
    const bool changed =
        e.message().find("hash") != std::string::npos || e.message().find("match") != std::string::npos;
    const auto line = e.where().substr(e.where().rfind(':') + 1);
    findings.add({changed ? FindingCode::changed : FindingCode::malformed, name,
                  std::strtoull(line.c_str(), nullptr, 10), std::nullopt, 0, 1, e.message()});
    return report;
  }
  report.entries = bundle.entries.size();
  report.objects = bundle.objects.size();
  const SignatureStatus seal = verifier.verify_at(Purpose::artefact, bundle.sealed_bytes, bundle.seal, bundle.created);
  if (seal == SignatureStatus::valid) {
    ++report.signatures;
  } else {
    add(finding_code_of(seal), std::nullopt,
        fmt::format("the bundle's seal by key '{}' does not prove it: {}", bundle.seal.key_id,
                    core::signature_status_text(seal)));
  }
  Head head;
  SignatureStatus head_status = SignatureStatus::wrong;
  if (const auto wrong = read_head(bundle.head, verifier, head, head_status)) {
    add(FindingCode::malformed, std::nullopt, fmt::format("the HEAD in the bundle is not one: {}", *wrong));
  } else if (head_status != SignatureStatus::valid) {
    add(finding_code_of(head_status), std::nullopt,
        fmt::format("the HEAD in the bundle is not proved by its signature: {}",
                    core::signature_status_text(head_status)));
  } else {
    report.head_seq = head.seq;
    report.head_sha256 = head.sha256;
    if (head.log_id != bundle.log_id)
      add(FindingCode::changed, std::nullopt, "the HEAD in the bundle is of another log");
  }
  for (const BundleEntry& entry : bundle.entries) {
    std::vector<core::ScannedMember> members;
    LineView line;
    if (const auto problem = read_line(entry.line, line, members)) {
      add(FindingCode::malformed, entry.seq, fmt::format("entry {}: {}", entry.seq, problem->sentence));
      continue;
    }
    if (!line.signature) {
      add(FindingCode::unsigned_entry, entry.seq, fmt::format("entry {} has no signature", entry.seq));
    } else {
      const SignatureStatus status = verify_line(line, Purpose::log_entry, verifier);
      if (status == SignatureStatus::valid) {
        ++report.signatures;
      } else if (status == SignatureStatus::unknown_key && seal == SignatureStatus::valid) {
        ++report.vouched;
      } else {
        add(finding_code_of(status), entry.seq,
            fmt::format("the signature of entry {} by key '{}' does not prove it: {}", entry.seq,
                        line.signature->key_id, core::signature_status_text(status)));
      }
    }
    std::vector<std::string> needed = objects_of(entry.json);
    if (entry.json.contains("libraries_sha256")) {
      const auto libraries = bundle.objects.find(entry.json["libraries_sha256"].get<std::string>());
      if (libraries != bundle.objects.end()) {
        for (std::string& each : libraries_of(libraries->second)) needed.push_back(std::move(each));
      }
    }
    for (const std::string& object : needed) {
      if (!bundle.objects.contains(object))
        add(FindingCode::object_missing, entry.seq,
            fmt::format("the object {} of entry {} is not in the bundle", object, entry.seq));
    }
  }
  if (const auto journal = bundle.files.find(std::string(kRunJournalName)); journal != bundle.files.end()) {
    check_bundled_journal(journal->second, bundle.entries, verifier, seal == SignatureStatus::valid,
                          name + "/" + journal->first, report, findings);
  }
  // Where the lines up to HEAD are there, each must be chained to the one before and the last be the one HEAD names.
  std::string before;
  for (const std::string& text : bundle.chain) {
    std::vector<core::ScannedMember> members;
    LineView line;
    if (read_line(text, line, members) || (!before.empty() && line.previous != before)) {
      add(FindingCode::changed, line.seq,
          fmt::format("the line of entry {} in the bundle is not chained to the one before", line.seq));
    }
    before = core::sha256_hex(text);
  }
  if (!bundle.chain.empty() && head_status == SignatureStatus::valid && before != head.sha256) {
    add(FindingCode::changed, std::nullopt, "the lines in the bundle do not lead to its HEAD");
  }
  return report;
}

}  // namespace ballast::journal
