#include "journal/head.hpp"

#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/signature_file.hpp"
#include "journal/line.hpp"
#include "journal/object_store.hpp"

namespace ballast::journal {

using core::Json;

std::string head_text(const Head& head, const core::Signer& signer) {
  Json json{{"format", "ballast-log-head"}, {"version", 1},
            {"log_id", head.log_id},        {"seq", head.seq},
            {"sha256", head.sha256},        {"time", core::format_instant(head.time)}};
  if (head.seq != 0) {
    json["segment"] = head.segment;
    json["size"] = head.size;
  }
  return sign_text(core::canonical_json(json), core::Purpose::log_head, signer) + "\n";
}

std::optional<std::string> read_head(std::string_view text, const core::Verifier& verifier, Head& head,
                                     core::SignatureStatus& status) {
  if (text.empty() || text.back() != '\n') return "it does not end with a line feed";
  text.remove_suffix(1);
  std::vector<core::ScannedMember> members;
  if (const auto problem = core::scan_canonical_object(text, members)) {
    return fmt::format("byte {}: {}", problem->offset + 1, problem->reason);
  }
  const auto cut = core::cut_member(text, members, "signature");
  if (!cut) return "it is not signed";
  const auto signature = core::read_signature(cut->value);
  if (!signature) return "its signature is not {algorithm, key_id, value}";
  const auto field = [&](std::string_view name) {
    const auto* member = core::find_member(members, name);
    return member == nullptr ? std::string_view() : member->value;
  };
  if (field("format") != "\"ballast-log-head\"") return "it is not a ballast-log-head";
  if (field("version") != "1") return "its version is not known here (accepted: 1)";
  const auto seq = core::plain_integer(field("seq")), size = core::plain_integer(field("size"));
  const auto log_id = core::plain_string(field("log_id")), sha256 = core::plain_string(field("sha256")),
             segment = core::plain_string(field("segment")), time = core::plain_string(field("time"));
  if (!seq || !log_id || !sha256 || !time || !is_sha256_hex(*sha256) || (*seq != 0 && (!segment || !size))) {
    return "a member is missing or has the wrong type";
  }
  head = {std::string(*log_id),
          *seq,
          std::string(*sha256),
          std::string(segment.value_or("")),
          size.value_or(0),
          {},
          *signature};
  try {
    head.time = core::parse_instant(*time);
  } catch (const core::Error& e) {
    return e.message();
  }
  status = verifier.verify_at(core::Purpose::log_head, cut->rest(), *signature, head.time);
  return std::nullopt;
}

void replace_head(const std::filesystem::path& folder, std::string_view text, bool keep) {
  const std::filesystem::path temporary = folder / "HEAD.tmp", path = folder / "HEAD";
  {
    const core::FileDescriptor file = core::open_file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    core::write_all(file.get(), text, temporary);
    if (keep && ::fdatasync(file.get()) != 0) core::throw_errno("sync", temporary.string(), errno);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) core::throw_errno("replace", path.string(), errno);
  if (keep) core::write_file_atomically(folder / "HEAD.kept", text);
}

}  // namespace ballast::journal
