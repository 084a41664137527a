#include "host/review.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/nearest.hpp"
#include "core/signature_file.hpp"
#include "host/state.hpp"
#include "sign/key_ring.hpp"

namespace ballast::host {
namespace {

/// The file that a desk uses for each script that can run, by place; the desk's stands before the installation's.
std::map<std::string, std::filesystem::path> scripts_of(const Desk& desk) {
  std::map<std::string, std::filesystem::path> out;
  for (const auto& root : desk.roots()) {
    for (const char* folder : {"lua", "policies", "runbooks"}) {
      std::error_code ignored;
      for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder, ignored)) {
        const std::string place = entry.path().lexically_relative(root).string();
        if (entry.path().extension() != ".lua" || place.ends_with("_test.lua") || place.starts_with("lua/meta/"))
          continue;
        out.emplace(place, entry.path());
      }
    }
  }
  return out;
}

Script read_script(const std::string& place, const std::filesystem::path& file) {
  Script out = make_script(file.stem().string(), place, core::read_file(file));
  out.file = file;
  return out;
}

/// Throws: ScriptError naming the place and line of what Lua does not understand.
void check_compiles(State& state, const Script& script) {
  state.load(script);
  lua_pop(state.get(), 1);
}

/// The scripts that were named, or all. A script outside lua, policies and runbooks can be named too.
std::map<std::string, std::filesystem::path> wanted_scripts(const Desk& desk, const std::vector<std::string>& names) {
  const auto known = scripts_of(desk);
  if (names.empty()) return known;
  std::map<std::string, std::filesystem::path> out;
  for (const std::string& name : names) {
    const auto file = desk.source().find(name);
    if (!file) {
      std::vector<std::string_view> places;
      for (const auto& [place, path] : known) places.push_back(place);
      throw core::Error(core::Code::not_found, "no such script" + core::suggestion(name, places), name);
    }
    const std::string place = desk.place_of(*file);
    if (std::filesystem::path(place).is_absolute() || file->extension() != ".lua") {
      throw core::Error(core::Code::argument, "not a Lua script of the desk or the installation", name);
    }
    out.emplace(place, *file);
  }
  return out;
}

std::unique_ptr<core::Signer> approving_signer(const sign::KeyRing& ring, const std::optional<std::string>& key,
                                               const core::Clock& clock) {
  // Whoever can check an HMAC can forge it, so an approval is signed by a key pair.
  if (!key) return ring.signer_for(core::Purpose::approval, sign::Algorithm::ed25519, clock);
  auto signer = ring.signer_with(*key, clock);
  const sign::KeyInfo info = ring.find(*key).value();
  const bool approves =
      std::find(info.purposes.begin(), info.purposes.end(), core::Purpose::approval) != info.purposes.end();
  if (info.algorithm != sign::Algorithm::ed25519 || !approves) {
    throw core::Error(core::Code::crypto,
                      fmt::format("key '{}' may not sign reviews: that takes an Ed25519 key with the purpose {}", *key,
                                  core::purpose_name(core::Purpose::approval)));
  }
  return signer;
}

}  // namespace

bool ReviewSurvey::complete() const {
  return problem.empty() && std::all_of(files.begin(), files.end(),
                                        [](const ReviewedFile& each) { return each.state == ReviewState::reviewed; });
}

ReviewSurvey survey_reviews(const Desk& desk, const core::Verifier& verifier) {
  ReviewSurvey out;
  ReviewManifest manifest;
  try {
    manifest = ReviewManifest::read(desk, verifier);
    out.manifest = manifest.source();
    out.signed_at = manifest.signed_at();
  } catch (const core::Error& e) {
    out.problem = e.what();
  }
  auto files = scripts_of(desk);
  for (const auto& [place, review] : manifest.files()) {
    std::error_code ignored;
    for (const auto& root : desk.roots()) {
      if (std::filesystem::is_regular_file(root / place, ignored)) files.emplace(place, root / place);
    }
    if (!files.contains(place)) out.files.push_back({place, {}, {}, ReviewState::removed, review});
  }
  for (const auto& [place, file] : files) {
    ReviewedFile each{place, file, read_script(place, file).sha256(), ReviewState::added, std::nullopt};
    if (const auto at = manifest.files().find(place); at != manifest.files().end()) {
      each.review = at->second;
      each.state = at->second.sha256 == each.sha256 ? ReviewState::reviewed : ReviewState::changed;
    }
    out.files.push_back(std::move(each));
  }
  std::sort(out.files.begin(), out.files.end(),
            [](const ReviewedFile& a, const ReviewedFile& b) { return a.place < b.place; });
  return out;
}

SignedReview sign_reviews(const Desk& desk, const Configuration& configuration, const SignReviewRequest& request,
                          const core::Clock& clock) {
  const sign::KeyRing ring = sign::KeyRing::open(desk.keys);
  const auto signer = approving_signer(ring, request.key, clock);
  SignedReview out;
  out.time = clock.now();
  out.manifest = ReviewManifest::file_in(desk.folder);
  std::map<std::string, Review> reviews;
  if (!request.files.empty()) reviews = ReviewManifest::read(desk, ring).files();

  bind::Context context;
  FolderSource source = desk.source();
  State state(context, policy_profile(), source, configuration.settings.limits.policy);
  for (const auto& [place, file] : wanted_scripts(desk, request.files)) {
    const Script script = read_script(place, file);
    check_compiles(state, script);
    reviews[place] = {script.sha256(), request.reviewer, out.time};
    out.places.push_back(place);
  }
  // Between these two writes the signature does not fit the list: `live` then refuses, and never accepts too much.
  core::write_file_atomically(out.manifest, ReviewManifest::text_of(reviews));
  const core::Signer* signers[] = {signer.get()};
  core::sign_file(out.manifest, core::Purpose::approval, signers, clock);
  out.key_id = core::verify_file(out.manifest, ring, core::Purpose::approval).signatures.front().signature.key_id;
  out.listed = reviews.size();
  return out;
}

}  // namespace ballast::host
