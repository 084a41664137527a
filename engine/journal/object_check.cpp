#include "journal/object_check.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "journal/bundle.hpp"
#include "journal/line.hpp"

namespace ballast::journal {
namespace {

constexpr std::size_t kSlots = 65536;
constexpr std::size_t kMostListed = 10000;

}  // namespace

ObjectCheck::ObjectCheck(const std::filesystem::path& folder, VerifyReport& report) : store_(folder), seen_(kSlots) {
  if (!std::filesystem::is_directory(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!is_sha256_hex(name) || !entry.is_regular_file()) continue;
    if (core::sha256_file_hex(entry.path()) == name) {
      ++report.objects;
    } else {
      bad_.emplace(name, false);
    }
  }
}

void ObjectCheck::check(std::string_view sha256, std::string_view what, const ObjectUser& user) {
  const auto digest = digest_from_hex(sha256);
  if (!digest) return;
  const std::lock_guard lock(mutex_);
  follow(*digest, what, user);
}

void ObjectCheck::follow(const core::Digest& digest, std::string_view what, const ObjectUser& user) {
  ++references_;
  core::Digest& slot = seen_[static_cast<std::size_t>(digest[0] | (digest[1] << 8)) % kSlots];
  if (slot == digest) return;
  const std::string name = core::to_hex(digest);
  if (const auto at = bad_.find(name); at != bad_.end()) {
    if (!at->second) note(FindingCode::object_changed, name, what, user, "was changed");
    at->second = true;
    return;
  }
  if (!store_.has(name)) {
    note(FindingCode::object_missing, name, what, user, "is not in the store");
    return;
  }
  slot = digest;
  if (what != "libraries") return;
  for (const std::string& library : libraries_of(store_.get(name))) {
    if (const auto inner = digest_from_hex(library)) follow(*inner, "library files", user);
  }
}

void ObjectCheck::note(FindingCode code, const std::string& sha256, std::string_view what, const ObjectUser& user,
                       std::string_view wrong) {
  if (found_.size() >= kMostListed) {
    ++not_listed_;
    return;
  }
  found_.push_back({code, user.file, user.line, user.seq, user.offset, 1,
                    fmt::format("the object {} behind the {} of {} {} {}", sha256, what, user.noun, user.seq, wrong)});
}

void ObjectCheck::finish(FindingList& findings) {
  for (const auto& [name, named] : bad_) {
    if (named) continue;
    found_.push_back({FindingCode::object_changed, std::string(name), 0, std::nullopt, 0, 1,
                      fmt::format("the object {} was changed; nothing that was verified names it", name)});
  }
  std::sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.file, a.line, a.sentence) < std::tie(b.file, b.line, b.sentence);
  });
  for (Finding& each : found_) findings.add(std::move(each));
  if (not_listed_ > 0) {
    findings.add({FindingCode::object_missing, "", 0, std::nullopt, 0, not_listed_,
                  fmt::format("{} more names lead to objects that are missing or changed", not_listed_)});
  }
}

}  // namespace ballast::journal
