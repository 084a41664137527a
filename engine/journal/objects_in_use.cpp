#include "journal/objects_in_use.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "journal/bundle.hpp"
#include "journal/desk_layout.hpp"
#include "journal/run_journal.hpp"
#include "journal/segment.hpp"

namespace ballast::journal {
namespace {

namespace fs = std::filesystem;

void add_libraries(const std::string& list, const ObjectStore& objects, std::set<std::string>& out) {
  for (std::string& each : libraries_of(objects.get(list))) out.insert(std::move(each));
}

void add_log(const fs::path& folder, const ObjectStore& objects, std::set<std::string>& out) {
  std::set<std::string> lists;  // many entries have the same libraries
  for (const std::string& segment : list_segments(folder)) {
    BlockReader reader(folder / segment);
    std::string block;
    std::uint64_t offset = 0;
    while (reader.next(block, offset)) {
      for_each_line(block, offset, [&](std::string_view line, std::uint64_t) {
        const core::Json entry = core::parse_json(line, segment);
        for (std::string& each : objects_of(entry)) out.insert(std::move(each));
        const std::string list = entry.value("libraries_sha256", "");
        if (!list.empty() && lists.insert(list).second) add_libraries(list, objects, out);
      });
    }
  }
}

/// Throws: Error{state} when something in the journal cannot be read: it may name an object there.
RunFacts facts_of(const fs::path& folder, const core::Verifier& verifier) {
  RunFacts facts;
  const VerifyReport report = verify_run_parts(folder, verifier, {}, {}, facts);
  for (const Finding& each : report.findings) {
    if (each.code == FindingCode::unfinished || each.code == FindingCode::truncated) continue;
    throw core::Error(
        core::Code::state,
        fmt::format("a run does not verify, so nobody can tell which objects it needs: {}", each.sentence),
        folder.string());
  }
  return facts;
}

}  // namespace

std::set<std::string> objects_named(const RunFacts& run, const ObjectStore& objects) {
  std::set<std::string> out;
  for (const NamedObject& each : run.objects) {
    if (out.insert(each.sha256).second && each.what == "libraries") add_libraries(each.sha256, objects, out);
  }
  return out;
}

std::set<std::string> objects_in_use(const fs::path& var, const core::Verifier& verifier,
                                     const std::set<std::string>& except) {
  const ObjectStore objects(var / kObjectsFolder);
  std::set<std::string> out;
  if (fs::is_directory(var / kLogFolder)) add_log(var / kLogFolder, objects, out);
  for (const auto& entry : fs::directory_iterator(var / kRunsFolder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with('.') || except.contains(name) || !fs::is_regular_file(entry.path() / kRunJournalName))
      continue;
    out.merge(objects_named(facts_of(entry.path(), verifier), objects));
  }
  return out;
}

}  // namespace ballast::journal
