// Approvals: what a run asked, the answers that people signed with their own keys, and which of them count.
// Format of an answer: docs/formats/approval.md.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/instant.hpp"
#include "core/json.hpp"
#include "core/signer.hpp"
#include "host/configuration.hpp"
#include "host/desk.hpp"

namespace ballast::host {

inline constexpr std::string_view kApprovalFormat = "ballast-approval";

/// What a run asks: a record `approval_asked`.
struct ApprovalRequest {
  std::string run, author, name, what, role, plan_sha256;
  std::int64_t quorum = 1;
  bool not_author = true;
  std::string overrides;  ///< name of the policy whose refusal is to be overridden; empty: an ordinary approval
  core::Instant expires;

  static ApprovalRequest read(const core::Json& record, const std::string& run, const std::string& author);
  core::Json json() const;
};

/// An answer as it was signed.
struct Approval {
  core::Json body;  ///< { format, version, run, name, plan_sha256, expires, role, approver, answer, reason, time }
  core::Signature signature;
  std::string file;

  std::string approver() const { return body.at("approver").get<std::string>(); }
  bool rejects() const { return body.at("answer") == "reject"; }
  core::Json json() const;
};

/// Which answers count.
struct ApprovalVerdict {
  std::vector<Approval> accepted;    ///< approvals by different people
  std::optional<Approval> rejected;  ///< the first rejection that counts
  std::vector<std::string> refused;  ///< sentences: whose answer does not count, and why
  bool granted(const ApprovalRequest& request) const {
    return !rejected && accepted.size() >= static_cast<std::size_t>(request.quorum);
  }
};

/// Says why an answer does not count, or nothing. `now`: when it is to be used.
std::optional<std::string> refuse_approval(const ApprovalRequest& request, const Approval& approval,
                                           const ApprovalSettings& settings, core::Instant now);

/// Reads and judges the answers to a request that lie in the run's folder, oldest file first.
ApprovalVerdict judge_approvals(const ApprovalRequest& request, const std::filesystem::path& run_folder,
                                const ApprovalSettings& settings, core::Instant now);

/// Signs an answer. Throws: Error{crypto}.
Approval sign_approval(const ApprovalRequest& request, const std::string& approver, const std::string& answer,
                       const std::string& reason, core::Instant time, const core::Signer& signer);
/// Puts it into the run's folder. Throws: Error{io}.
void hand_in(const Approval& approval, const std::filesystem::path& run_folder);

/// The open request of a run that waits for one, or nothing. Throws: as find_run.
std::optional<ApprovalRequest> open_request(const Desk& desk, const std::string& run);

}  // namespace ballast::host
