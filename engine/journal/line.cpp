#include "journal/line.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/signature_file.hpp"

namespace ballast::journal {

using core::Code;
using core::Error;

std::optional<core::Digest> digest_from_hex(std::string_view text) noexcept {
  if (text.size() != 64) return std::nullopt;
  core::Digest out{};
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (std::size_t i = 0; i < 32; ++i) {
    const int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return out;
}

std::optional<LineProblem> read_line(std::string_view text, LineView& line, std::vector<core::ScannedMember>& members) {
  line = {};
  if (const auto problem = core::scan_canonical_object(text, members)) {
    return LineProblem{problem->offset, fmt::format("not canonical JSON: {}", problem->reason)};
  }
  const auto missing = [](std::string_view name) {
    return LineProblem{0, fmt::format("member '{}' is missing", name)};
  };
  const auto wrong = [&](const core::ScannedMember& member, std::string_view accepted) {
    return LineProblem{member.begin, fmt::format("member '{}' must be {}", member.key, accepted)};
  };
  const auto* seq = core::find_member(members, "seq");
  const auto* time = core::find_member(members, "time");
  const auto* kind = core::find_member(members, "kind");
  const auto* previous = core::find_member(members, "previous");
  if (seq == nullptr) return missing("seq");
  if (time == nullptr) return missing("time");
  if (kind == nullptr) return missing("kind");
  if (previous == nullptr) return missing("previous");
  const auto number = core::plain_integer(seq->value);
  if (!number || *number == 0) return wrong(*seq, "a whole number from 1");
  line.seq = *number;
  const auto kind_text = core::plain_string(kind->value);
  if (!kind_text || kind_text->empty()) return wrong(*kind, "a name");
  line.kind = *kind_text;
  const auto hash = core::plain_string(previous->value);
  if (!hash || !digest_from_hex(*hash)) return wrong(*previous, "64 lower-case hexadecimal digits");
  line.previous = *hash;
  const auto time_text = core::plain_string(time->value);
  if (!time_text) return wrong(*time, "an instant");
  try {
    line.time = core::parse_instant(*time_text);
  } catch (const Error& e) {
    return LineProblem{time->begin, e.message()};
  }
  line.before = text;
  if (const auto cut = core::cut_member(text, members, "signature")) {
    line.before = cut->before;
    line.after = cut->after;
    line.signature = core::read_signature(cut->value);
    if (!line.signature) return wrong(*core::find_member(members, "signature"), "{algorithm, key_id, value}");
  }
  return std::nullopt;
}

core::SignatureStatus verify_line(const LineView& line, core::Purpose purpose, const core::Verifier& verifier) {
  thread_local std::string bytes;
  bytes.assign(line.before);
  bytes += line.after;
  return verifier.verify_at(purpose, bytes, *line.signature, line.time);
}

std::string sign_text(const std::string& text, core::Purpose purpose, const core::Signer& signer) {
  return core::insert_member(text, "signature", core::signature_json(signer.sign(purpose, text)));
}

std::string write_line(const core::Json& body, core::Purpose purpose, const core::Signer* signer) {
  const std::string text = core::canonical_json(body);
  // What could not be read back is not written: a double such as 1e17 prints as an integer past 2^53.
  std::vector<core::ScannedMember> members;
  if (const auto problem = core::scan_canonical_object(text, members)) {
    throw Error(Code::argument, fmt::format("a value cannot be kept as evidence: {} (at '{}')", problem->reason,
                                            text.substr(problem->offset, 24)));
  }
  return signer == nullptr ? text : sign_text(text, purpose, *signer);
}

std::string genesis_hash(std::string_view format, std::string_view id) {
  return core::sha256_hex(fmt::format("ballast-genesis-v1\n{}\n{}", format, id));
}

}  // namespace ballast::journal
