#include "host/review_manifest.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/record.hpp"
#include "core/signature_file.hpp"

namespace ballast::host {
namespace {

struct Document {
  std::string format;
  std::int64_t version = 0;
  std::map<std::string, std::string> files;
};

}  // namespace
}  // namespace ballast::host

template <>
struct ballast::core::Record<ballast::host::Document> {
  using S = ballast::host::Document;
  static constexpr std::string_view name = "ReviewManifest";
  [[maybe_unused]] static constexpr std::string_view doc = "Scripts that were reviewed.";  // no schema of it is written
  static constexpr auto fields = std::tuple{
      field(&S::format, {.name = "format", .doc = "ballast-review-manifest.", .required = true}),
      field(&S::version, {.name = "version", .doc = "Version of the format.", .low = 1, .high = 1, .required = true}),
      field(&S::files, {.name = "files", .doc = "SHA-256 of each script, by its place below the desk.", .required = true})};
};

namespace ballast::host {

ReviewManifest ReviewManifest::read(const Desk& desk, const core::Verifier& verifier) {
  ReviewManifest out;
  for (const auto& root : desk.roots()) {
    const auto file = root / "policies" / "manifest.json";
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) continue;
    const core::FileVerdict verdict = core::verify_file(file, verifier, core::Purpose::approval);
    if (verdict.status != core::FileStatus::valid) throw core::Error(core::Code::crypto, verdict.sentence, file.string());
    const auto document = core::read_record<Document>(core::parse_json(core::read_file(file), file.string()));
    if (document.format != "ballast-review-manifest") {
      throw core::Error(core::Code::argument, fmt::format("expected format ballast-review-manifest, found '{}'", document.format), file.string());
    }
    out.files_ = document.files;
    out.source_ = file.string();
    return out;
  }
  return out;
}

std::string ReviewManifest::review(const std::vector<Script>& scripts, bool required) const {
  for (const Script& each : scripts) {
    const auto at = files_.find(each.place);
    if (at != files_.end() && at->second == each.sha256()) continue;
    if (!required) return "unreviewed";
    throw core::Error(core::Code::state,
                      source_.empty() ? std::string("live runs reviewed scripts only, and there is no policies/manifest.json")
                                      : fmt::format("live runs reviewed scripts only: {} {}", source_, at == files_.end() ? "does not list it" : "lists another version"),
                      each.place);
  }
  return "reviewed";
}

}  // namespace ballast::host
