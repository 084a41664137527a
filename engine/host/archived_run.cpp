#include "host/archived_run.hpp"

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "core/digest.hpp"
#include "core/error.hpp"
#include "core/file.hpp"
#include "host/evidence.hpp"
#include "journal/bundle.hpp"
#include "journal/compacted_run.hpp"
#include "journal/run_journal.hpp"

namespace ballast::host {
namespace {

namespace fs = std::filesystem;

fs::path new_folder() {
  std::string name = (fs::temp_directory_path() / "ballast-archived-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) core::throw_errno("make", name, errno);
  return name;
}

std::string sentence(const journal::CompactedRun& statement, const fs::path& archive) {
  return fmt::format("the run was compacted: its journal is in {} (SHA-256 {})", archive.string(),
                     statement.archive_sha256);
}

}  // namespace

std::string compacted_sentence(const fs::path& run_folder) {
  const journal::CompactedRun statement = journal::read_compacted(run_folder);
  return sentence(statement, journal::archive_of(statement, run_folder));
}

ArchivedRun::ArchivedRun(const Desk& desk, const std::string& run, const std::optional<std::string>& archive,
                         const core::Verifier* verifier)
    : desk_(desk) {
  const fs::path folder = runs_folder(desk) / run;
  journal::CompactedRun statement = journal::read_compacted(folder);
  if (verifier != nullptr) {
    core::SignatureStatus status = core::SignatureStatus::wrong;
    const auto wrong =
        journal::read_compacted(core::read_file(folder / journal::kCompactedName), *verifier, statement, status);
    if (wrong || status != core::SignatureStatus::valid)
      throw core::Error(core::Code::crypto,
                        fmt::format("the statement in place of the journal does not verify: {}",
                                    wrong ? *wrong : std::string(core::signature_status_text(status))),
                        (folder / journal::kCompactedName).string());
  }
  archive_ = journal::archive_of(statement, folder);
  if (archive) archive_ = fs::is_directory(*archive) ? fs::path(*archive) / statement.archive : fs::path(*archive);
  if (!fs::is_regular_file(archive_)) {
    throw core::Error(
        core::Code::not_found,
        fmt::format("{}, which is not there; --archive FOLDER says where it lies now", sentence(statement, archive_)),
        run);
  }
  if (core::sha256_file_hex(archive_) != statement.archive_sha256)
    throw core::Error(core::Code::crypto, fmt::format("this is not the archive of run {}", run), archive_.string());
  const journal::Bundle bundle = journal::open_bundle(archive_);
  desk_.var = new_folder();
  try {
    core::write_file_atomically(desk_.var / journal::kRunsFolder / run / journal::kRunJournalName,
                                bundle.files.at(std::string(journal::kRunJournalName)));
    const journal::ObjectStore objects(objects_folder(desk_));
    for (const auto& [name, bytes] : bundle.objects) objects.put(bytes);
    core::create_folders(log_folder(desk_).parent_path());
    fs::create_directory_symlink(fs::absolute(log_folder(desk)), log_folder(desk_));
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(desk_.var, ignored);
    throw;
  }
}

ArchivedRun::~ArchivedRun() {
  std::error_code ignored;
  fs::remove_all(desk_.var, ignored);  // a link is removed, and not what it leads to
}

}  // namespace ballast::host
