#include "core/signature_file.hpp"

#include <fmt/format.h>

#include "core/canonical_scan.hpp"
#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "core/json.hpp"

namespace ballast::core {
namespace {

constexpr std::size_t kLargestSignatureFile = std::size_t{1} << 20;

struct Document {
  std::string path, sha256, signed_bytes;
  std::uint64_t size = 0;
  Instant time;
  std::vector<Signature> signatures;
};

// What each signature covers: the document without its signatures, and the names of all who sign. The names are in it
// so that nobody can make one signature look as if its key were unknown while another still holds.
std::string signed_bytes(std::string_view rest, const std::vector<Signature>& signatures) {
  std::string out(rest);
  for (const Signature& each : signatures) out += fmt::format("\n{} {}", each.algorithm, each.key_id);
  return out;
}

// Returns what is wrong with the text, or nothing and the document.
std::optional<std::string> read_document(std::string_view text, Document& out) {
  if (text.empty() || text.back() != '\n') return "it does not end with a line feed";
  text.remove_suffix(1);
  std::vector<ScannedMember> members;
  if (const auto problem = scan_canonical_object(text, members)) {
    return fmt::format("byte {}: {}", problem->offset + 1, problem->reason);
  }
  const Json json = parse_json(text, "signature file");
  static constexpr std::string_view kNames[] = {"format", "path", "sha256", "signatures", "size", "time", "version"};
  for (const std::string_view name : kNames) {
    if (find_member(members, name) == nullptr) return fmt::format("member '{}' is missing", name);
  }
  if (json["format"] != "ballast-signature") return "it is not a ballast-signature";
  if (json["version"] != 1) return fmt::format("version {} is not known here (accepted: 1)", json["version"].dump());
  if (members.size() != std::size(kNames)) return "it has members that version 1 does not know";
  if (!json["path"].is_string() || !json["sha256"].is_string() || !json["size"].is_number_unsigned() ||
      !json["time"].is_string() || !json["signatures"].is_array() || json["signatures"].empty()) {
    return "a member has the wrong type";
  }
  out.path = json["path"];
  out.sha256 = json["sha256"];
  out.size = json["size"];
  try {
    out.time = parse_instant(json["time"].get_ref<const std::string&>());
  } catch (const Error& e) {
    return e.message();
  }
  const auto cut = cut_member(text, members, "signatures");
  std::vector<std::string_view> items;
  scan_canonical_array(cut->value, items);
  for (const std::string_view item : items) {
    const auto signature = read_signature(item);
    if (!signature) return "a signature is not {algorithm, key_id, value}";
    out.signatures.push_back(*signature);
  }
  out.signed_bytes = signed_bytes(cut->rest(), out.signatures);
  return std::nullopt;
}

FileStatus worst(const std::vector<SignatureVerdict>& verdicts) {
  bool any_valid = false;
  for (const SignatureVerdict& each : verdicts) {
    switch (each.status) {
      case SignatureStatus::valid: any_valid = true; break;
      case SignatureStatus::unknown_key: break;
      case SignatureStatus::wrong:
      case SignatureStatus::unknown_algorithm: return FileStatus::wrong_key;
      case SignatureStatus::wrong_purpose:
      case SignatureStatus::outside_validity:
      case SignatureStatus::revoked: return FileStatus::refused_key;
    }
  }
  return any_valid ? FileStatus::valid : FileStatus::unknown_key;
}

struct Content {
  std::uint64_t size = 0;
  std::string sha256;
};

std::filesystem::path sign_content(const std::filesystem::path& path, const Content& content, Purpose purpose,
                                   std::span<const Signer* const> signers, const Clock& clock) {
  if (signers.empty()) throw Error(Code::argument, "a signature file needs at least one signer", path.string());
  std::filesystem::path target = path;
  target += ".sig";
  const std::string text = canonical_json(Json{{"format", "ballast-signature"},
                                               {"version", 1},
                                               {"path", path.filename().string()},
                                               {"time", format_instant(clock.now())},
                                               {"size", content.size},
                                               {"sha256", content.sha256}});
  // A signer tells its name only by signing, so the first round asks for the names and the second signs with them.
  std::vector<Signature> names;
  for (const Signer* signer : signers) names.push_back(signer->sign(purpose, text));
  const std::string covered = signed_bytes(text, names);
  std::string signatures = "[";
  for (const Signer* signer : signers) {
    if (signatures.size() > 1) signatures += ',';
    signatures += signature_json(signer->sign(purpose, covered));
  }
  write_file_atomically(target, insert_member(text, "signatures", signatures + "]") + "\n");
  return target;
}

}  // namespace

std::string_view file_status_name(FileStatus status) noexcept {
  switch (status) {
    case FileStatus::valid: return "valid";
    case FileStatus::missing_file: return "missing_file";
    case FileStatus::missing_signature: return "missing_signature";
    case FileStatus::malformed: return "malformed";
    case FileStatus::wrong_name: return "wrong_name";
    case FileStatus::size_differs: return "size_differs";
    case FileStatus::changed: return "changed";
    case FileStatus::wrong_key: return "wrong_key";
    case FileStatus::unknown_key: return "unknown_key";
    case FileStatus::refused_key: return "refused_key";
  }
  return "unknown";
}

std::string signature_json(const Signature& signature) {
  return canonical_json(
      Json{{"algorithm", signature.algorithm}, {"key_id", signature.key_id}, {"value", signature.value}});
}

std::optional<Signature> read_signature(std::string_view text) {
  thread_local std::vector<ScannedMember> members;
  if (scan_canonical_object(text, members) || members.size() != 3) return std::nullopt;
  if (members[0].key != "algorithm" || members[1].key != "key_id" || members[2].key != "value") return std::nullopt;
  const auto algorithm = plain_string(members[0].value), key_id = plain_string(members[1].value),
             value = plain_string(members[2].value);
  if (!algorithm || !key_id || !value) return std::nullopt;
  return Signature{std::string(*algorithm), std::string(*key_id), std::string(*value)};
}

std::filesystem::path sign_file(const std::filesystem::path& path, Purpose purpose,
                                std::span<const Signer* const> signers, const Clock& clock) {
  std::error_code problem;
  const auto size = std::filesystem::file_size(path, problem);
  if (problem) throw_errno("read", path.string(), problem.value());
  return sign_content(path, {size, sha256_file_hex(path)}, purpose, signers, clock);
}

std::filesystem::path sign_bytes(const std::filesystem::path& path, std::string_view bytes, Purpose purpose,
                                 std::span<const Signer* const> signers, const Clock& clock) {
  return sign_content(path, {bytes.size(), sha256_hex(bytes)}, purpose, signers, clock);
}

FileVerdict verify_file(const std::filesystem::path& path, const Verifier& verifier, Purpose purpose) {
  FileVerdict out;
  const auto verdict = [&](FileStatus status, std::string sentence) {
    out.status = status;
    out.sentence = std::move(sentence);
    return out;
  };
  std::filesystem::path signature_path = path;
  signature_path += ".sig";
  const std::string name = path.filename().string();
  const bool have_file = std::filesystem::is_regular_file(path);
  if (!std::filesystem::is_regular_file(signature_path)) {
    if (!have_file)
      return verdict(FileStatus::missing_file, fmt::format("neither {} nor its signature file exists", name));
    return verdict(FileStatus::missing_signature, fmt::format("{} has no signature file {}.sig beside it", name, name));
  }
  Document document;
  std::string text;
  try {
    text = read_file(signature_path, kLargestSignatureFile);
  } catch (const Error& e) {
    if (e.code() != Code::argument) throw;
    return verdict(FileStatus::malformed, fmt::format("{}.sig: {}", name, e.message()));
  }
  if (const auto wrong = read_document(text, document)) {
    return verdict(FileStatus::malformed,
                   fmt::format("{}.sig is not a signature file in canonical form: {}", name, *wrong));
  }
  out.time = document.time;
  // The signatures come first: until one holds, what the .sig file says about the file is hearsay.
  std::string words;
  for (const Signature& signature : document.signatures) {
    const SignatureStatus status = verifier.verify_at(purpose, document.signed_bytes, signature, document.time);
    out.signatures.push_back({signature, status});
    words += fmt::format("{}{} by key {}: {}", words.empty() ? "" : "; ", signature.algorithm, signature.key_id,
                         signature_status_text(status));
  }
  if (const FileStatus status = worst(out.signatures); status != FileStatus::valid) {
    return verdict(status, fmt::format("{}.sig does not prove anything: {}", name, words));
  }
  if (document.path != name) {
    return verdict(FileStatus::wrong_name, fmt::format("{}.sig speaks of a file named {}", name, document.path));
  }
  if (!have_file)
    return verdict(FileStatus::missing_file, fmt::format("{} does not exist, but {}.sig does", name, name));
  const auto size = std::filesystem::file_size(path);
  if (size != document.size) {
    return verdict(FileStatus::size_differs,
                   fmt::format("{} has {} bytes, signed were {} bytes", name, size, document.size));
  }
  if (const std::string found = sha256_file_hex(path); found != document.sha256) {
    return verdict(FileStatus::changed,
                   fmt::format("{} was changed after it was signed: its SHA-256 is {}, signed was {}", name, found,
                               document.sha256));
  }
  return verdict(FileStatus::valid,
                 fmt::format("{} is as it was signed at {} ({})", name, format_instant(document.time), words));
}

}  // namespace ballast::core
