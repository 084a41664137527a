#include "host/review_manifest.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/signature_file.hpp"

namespace ballast::host {
namespace {

constexpr std::string_view kFormat = "ballast-review-manifest";
constexpr std::int64_t kVersion = 2;

struct Document {
  std::string format{kFormat};
  std::int64_t version = kVersion;
  std::map<std::string, Review> files;
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
      field(&S::version, {.name = "version", .doc = "Version of the format.", .low = 2, .high = 2, .required = true}),
      field(&S::files,
            {.name = "files", .doc = "The review of each script, by its place below the desk.", .required = true})};
};

namespace ballast::host {

std::filesystem::path ReviewManifest::file_in(const std::filesystem::path& root) {
  return root / "policies" / "manifest.json";
}

ReviewManifest ReviewManifest::read(const Desk& desk, const core::Verifier& verifier) {
  ReviewManifest out;
  for (const auto& root : desk.roots()) {
    const auto file = file_in(root);
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) continue;
    const core::FileVerdict verdict = core::verify_file(file, verifier, core::Purpose::approval);
    if (verdict.status != core::FileStatus::valid)
      throw core::Error(core::Code::crypto, verdict.sentence, file.string());
    Document document;
    try {
      document = core::read_record<Document>(core::parse_json(core::read_file(file), file.string()));
    } catch (const core::Error& e) {
      throw e.where().starts_with(file.string()) ? e : e.at(fmt::format("{}: {}", file.string(), e.where()));
    }
    if (document.format != kFormat) {
      throw core::Error(core::Code::argument, fmt::format("expected format {}, found '{}'", kFormat, document.format),
                        file.string());
    }
    out.files_ = std::move(document.files);
    out.source_ = file.string();
    out.signed_at_ = verdict.time;
    return out;
  }
  return out;
}

std::string ReviewManifest::review(const std::vector<Script>& scripts, bool required) const {
  for (const Script& each : scripts) {
    const auto at = files_.find(each.place);
    if (at != files_.end() && at->second.sha256 == each.sha256()) continue;
    if (!required) return "unreviewed";
    const std::string why = source_.empty() ? "and there is no policies/manifest.json"
                            : at == files_.end()
                                ? fmt::format("and {} does not list this one", source_)
                                : fmt::format("and this one was changed since {} reviewed it at {}",
                                              at->second.reviewer, core::format_instant(at->second.time));
    throw core::Error(core::Code::state,
                      fmt::format("live runs reviewed scripts only, {}; `ballast review show` lists them, `ballast "
                                  "review sign` signs a review",
                                  why),
                      each.place);
  }
  return "reviewed";
}

std::string ReviewManifest::text_of(const std::map<std::string, Review>& files) {
  Document document;
  document.files = files;
  return core::pretty_json(core::write_record(document));
}

}  // namespace ballast::host
