#include "host/run/approval.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "host/evidence.hpp"
#include "host/run/history.hpp"
#include "host/run/list.hpp"
#include "journal/evidence_kind.hpp"
#include "sign/key_ring.hpp"

namespace ballast::host {
namespace {

constexpr std::string_view kFolder = "approvals";

/// A ring of the one public key that an approver has.
sign::KeyRing ring_of(const std::string& name, const Approver& approver) {
  const core::Json key{{"key_id", approver.key},
                       {"algorithm", "Ed25519"},
                       {"state", "active"},
                       {"purposes", {"approval"}},
                       {"created", "1970-01-01T00:00:00Z"},
                       {"public", approver.public_key}};
  const core::Json ring{{"format", "ballast-public-keys"}, {"version", 1}, {"keys", {key}}};
  return sign::KeyRing::read_public(core::canonical_json(ring) + "\n", "approvals.approvers." + name);
}

core::Json signature_document(const core::Signature& signature) {
  return {{"algorithm", signature.algorithm}, {"key_id", signature.key_id}, {"value", signature.value}};
}

Approval read_approval(const std::filesystem::path& file) {
  const core::Json document = core::parse_json(core::read_file(file, std::size_t{1} << 20), file.string());
  Approval out;
  out.file = file.filename().string();
  out.body = document.at("approval");
  const core::Json& signature = document.at("signature");
  out.signature = {signature.at("algorithm").get<std::string>(), signature.at("key_id").get<std::string>(),
                   signature.at("value").get<std::string>()};
  for (const char* member : {"approver", "answer", "run", "name", "plan_sha256", "role", "reason", "time"})
    static_cast<void>(out.body.at(member).get<std::string>());
  return out;
}

}  // namespace

ApprovalRequest ApprovalRequest::read(const core::Json& record, const std::string& run, const std::string& author) {
  ApprovalRequest out;
  out.run = run;
  out.author = author;
  out.name = record.at("name").get<std::string>();
  out.what = record.at("what").get<std::string>();
  out.role = record.at("role").get<std::string>();
  out.quorum = record.at("quorum").get<std::int64_t>();
  out.not_author = record.at("not_author").get<bool>();
  out.overrides = record.value("overrides", "");
  out.expires = core::parse_instant(record.at("expires").get<std::string>());
  out.plan_sha256 = record.at("plan_sha256").get<std::string>();
  return out;
}

core::Json ApprovalRequest::json() const {
  core::Json out{{"name", name},
                 {"what", what},
                 {"role", role},
                 {"quorum", quorum},
                 {"not_author", not_author},
                 {"expires", core::format_instant(expires)},
                 {"plan_sha256", plan_sha256}};
  if (!overrides.empty()) out["overrides"] = overrides;
  return out;
}

core::Json Approval::json() const { return {{"approval", body}, {"signature", signature_document(signature)}}; }

std::optional<std::string> refuse_approval(const ApprovalRequest& request, const Approval& approval,
                                           const ApprovalSettings& settings, core::Instant now) {
  const std::string who = approval.approver();
  const auto text = [&](const char* member) { return approval.body.at(member).get<std::string>(); };
  const auto known = settings.approvers.find(who);
  if (known == settings.approvers.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, approver] : settings.approvers) names.push_back(name);
    return fmt::format("'{}' is not among the approvers of the desk{}", who,
                       names.empty() ? " (approvals.approvers is empty)" : core::suggestion(who, names));
  }
  const Approver& approver = known->second;
  if (approval.signature.key_id != approver.key)
    return fmt::format("the answer of {} is signed by key '{}', the desk knows {} by '{}'", who,
                       approval.signature.key_id, who, approver.key);
  const auto status =
      ring_of(who, approver).verify(core::Purpose::approval, core::canonical_json(approval.body), approval.signature);
  if (status != core::SignatureStatus::valid)
    return fmt::format("the answer of {} does not verify: {}", who, core::signature_status_text(status));
  if (text("run") != request.run || text("name") != request.name)
    return fmt::format("the answer of {} is for '{}' of run {}", who, text("name"), text("run"));
  if (text("plan_sha256") != request.plan_sha256)
    return fmt::format("the answer of {} is for plan {}, asked is plan {}: what would be done has changed", who,
                       text("plan_sha256").substr(0, 12), request.plan_sha256.substr(0, 12));
  // Answers of earlier versions do not say for which request of a plan they are.
  if (const std::string expires = core::format_instant(request.expires);
      approval.body.value("expires", expires) != expires)
    return fmt::format("the answer of {} is for a request that expired at {}", who, text("expires"));
  if (request.not_author && who == request.author)
    return fmt::format("{} started the run, and the author of a run does not approve it", who);
  if (text("role") != request.role ||
      std::find(approver.roles.begin(), approver.roles.end(), request.role) == approver.roles.end())
    return fmt::format("{} does not have the role '{}' (roles: {})", who, request.role,
                       fmt::join(approver.roles, ", "));
  if (!request.overrides.empty() && text("answer") == "approve" && text("reason").empty())
    return fmt::format("{} gives no reason, and who overrides a policy gives one (--reason)", who);
  const core::Instant signed_at = core::parse_instant(text("time"));
  if (signed_at >= request.expires)
    return fmt::format("the answer of {} came too late: the request expired at {}", who,
                       core::format_instant(request.expires));
  if (now >= request.expires)
    return fmt::format(
        "the answer of {} counts no more: the request expired at {}, and is asked anew when the run is "
        "resumed",
        who, core::format_instant(request.expires));
  return std::nullopt;
}

ApprovalVerdict judge_approvals(const ApprovalRequest& request, const std::filesystem::path& run_folder,
                                const ApprovalSettings& settings, core::Instant now) {
  std::vector<std::filesystem::path> files;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(run_folder / kFolder, ignored)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  ApprovalVerdict out;
  for (const auto& file : files) {
    Approval approval;
    try {
      approval = read_approval(file);
      if (const auto why = refuse_approval(request, approval, settings, now)) {
        out.refused.push_back(*why);
        continue;
      }
    } catch (const std::exception& e) {  // whoever can write there can write anything
      out.refused.push_back(fmt::format("{} is no approval: {}", file.filename().string(), e.what()));
      continue;
    }
    const auto again = std::find_if(out.accepted.begin(), out.accepted.end(),
                                    [&](const Approval& each) { return each.approver() == approval.approver(); });
    if (again != out.accepted.end()) {
      out.refused.push_back(fmt::format("{} has answered already", approval.approver()));
    } else if (approval.rejects()) {
      if (!out.rejected) out.rejected = std::move(approval);
    } else {
      out.accepted.push_back(std::move(approval));
    }
  }
  return out;
}

Approval sign_approval(const ApprovalRequest& request, const std::string& approver, const std::string& answer,
                       const std::string& reason, core::Instant time, const core::Signer& signer) {
  Approval out;
  out.body = {{"format", std::string(kApprovalFormat)},
              {"version", 1},
              {"run", request.run},
              {"name", request.name},
              {"plan_sha256", request.plan_sha256},
              {"expires", core::format_instant(request.expires)},
              {"role", request.role},
              {"approver", approver},
              {"answer", answer},
              {"reason", reason},
              {"time", core::format_instant(time)}};
  out.signature = signer.sign(core::Purpose::approval, core::canonical_json(out.body));
  return out;
}

void hand_in(const Approval& approval, const std::filesystem::path& run_folder) {
  const std::string bytes = core::canonical_json(approval.json()) + "\n";
  std::string stamp = core::format_stamp(core::parse_instant(approval.body.at("time").get<std::string>()));
  core::write_file_atomically(
      run_folder / kFolder / fmt::format("{}-{}.json", stamp, core::sha256_hex(bytes).substr(0, 16)), bytes);
}

std::optional<ApprovalRequest> open_request(const Desk& desk, const std::string& run) {
  const auto folder = find_run_folder(desk, run);
  if (journal::is_compacted(folder)) return std::nullopt;  // it has ended
  const FoldedJournal journal = read_run(folder);
  if (!journal.end || (*journal.end)["status"] != "waiting" || journal.records.empty()) return std::nullopt;
  const core::Json& last = journal.records.back().json;
  if (last["kind"] != "approval_asked") return std::nullopt;
  return ApprovalRequest::read(last, run, journal.started["actor"].get<std::string>());
}

}  // namespace ballast::host
