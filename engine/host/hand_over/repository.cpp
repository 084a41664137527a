#include "host/hand_over/repository.hpp"

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/printable.hpp"
#include "host/hand_over/program.hpp"

namespace ballast::host {
namespace {

constexpr std::size_t kFilesOfOneCall = 500;

std::string without_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

Repository::Repository(std::filesystem::path folder) : folder_(std::move(folder)) {
  const std::string top = without_end(git({"rev-parse", "--show-toplevel"}));
  std::error_code ignored;
  if (!std::filesystem::equivalent(top, folder_, ignored))
    throw core::Error(core::Code::state, fmt::format("it is not the top of a git repository; that is {}", top),
                      folder_.string());
  git({"symbolic-ref", "HEAD"});  // a commit on no branch would be lost with the next checkout
}

std::string Repository::git(const std::vector<std::string>& arguments, const Commit* commit) const {
  // Bytes are kept as they are, whatever the user's settings say of line ends.
  std::vector<std::string> command{"git", "-C", folder_.string(), "-c", "core.autocrlf=false"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  // A hook of git that called us would have us look at its own repository.
  std::map<std::string, std::string> environment{
      {"GIT_DIR", ""}, {"GIT_WORK_TREE", ""}, {"GIT_INDEX_FILE", ""}, {"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  if (commit != nullptr) {
    environment["GIT_AUTHOR_NAME"] = commit->author;
    environment["GIT_AUTHOR_EMAIL"] = commit->author + "@ballast";
    environment["GIT_AUTHOR_DATE"] = core::format_instant(commit->time);
    environment["GIT_COMMITTER_NAME"] = "ballast";
    environment["GIT_COMMITTER_EMAIL"] = "hand-over@ballast";
  }
  ProgramResult result = run_program(command, environment);
  if (result.status != 0)
    throw core::Error(core::Code::state,
                      fmt::format("git {} failed: {}", arguments.front(),
                                  core::printable(without_end(result.error.empty() ? result.out : result.error))),
                      folder_.string());
  return std::move(result.out);
}

std::vector<UncommittedPath> Repository::uncommitted() const {
  const std::string text = git({"status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames"});
  std::vector<UncommittedPath> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\0', at), text.size());
    const std::string entry = text.substr(at, end - at);
    if (entry.size() > 3) out.push_back({entry.substr(3), entry.starts_with("??") || entry.starts_with("A ")});
    at = end + 1;
  }
  return out;
}

// Attributes of the repository may have git change line ends on the way in, and no signature holds after that.
void Repository::require_same_bytes(const std::vector<std::string>& paths) const {
  std::vector<std::string> list{"ls-files", "--stage", "-z", "--"};
  list.insert(list.end(), paths.begin(), paths.end());
  const std::string text = git(list);  // "MODE NAME STAGE\tPATH" each
  for (std::size_t at = 0; at < text.size();) {
    std::vector<std::string> names, hash{"hash-object", "--no-filters", "--"};
    for (; at < text.size() && names.size() < kFilesOfOneCall; at = text.find('\0', at) + 1) {
      const auto tab = text.find('\t', at);
      names.push_back(text.substr(text.find(' ', at) + 1, text.rfind(' ', tab) - text.find(' ', at) - 1));
      hash.push_back(text.substr(tab + 1, text.find('\0', tab) - tab - 1));
    }
    const std::string hashed = git(hash);
    std::size_t line = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto end = hashed.find('\n', line);
      if (hashed.substr(line, end - line) != names[i])
        throw core::Error(core::Code::state,
                          "git would keep it with other bytes than those that are signed; put '* -text' into "
                          ".gitattributes",
                          (folder_ / hash[i + 3]).string());
      line = end + 1;
    }
  }
}

std::string Repository::commit(const Commit& commit) const {
  // A rule that ignores *.sig does not speak of evidence.
  std::vector<std::string> add{"add", "--force", "--"};
  add.insert(add.end(), commit.paths.begin(), commit.paths.end());
  git(add);
  require_same_bytes(commit.paths);
  std::vector<std::string> arguments{"commit", "--quiet", "--message", commit.message, "--"};
  arguments.insert(arguments.end(), commit.paths.begin(), commit.paths.end());
  git(arguments, &commit);
  return without_end(git({"rev-parse", "HEAD"}));
}

}  // namespace ballast::host
