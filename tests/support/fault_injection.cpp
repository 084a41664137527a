// A library to load before libc (LD_PRELOAD): counts the calls that make evidence durable and fails or shortens one.
//
//   FAULT_CALL   which of write, pwrite, fdatasync, fsync, rename, ftruncate, unlink, rmdir, mkdir (all of them counted
//                together: any); several with commas between
//   FAULT_AT     the n-th such call, from 1; 0 only counts
//   FAULT_MODE   EIO, ENOSPC: fail with it; short: write half; kill: end the process at once, before the call;
//                power: the same, and what was written with write(2) and not synced is cut from its files;
//                stay: fail with EIO at and after the n-th call
//   FAULT_COUNT  file that receives the number of calls seen when the process ends
//   FAULT_CHILD  name of a child run: its processes are meant, and no others; else those of no child
//   FAULT_SKIP   when set, fdatasync and fsync are counted and not done: what is killed is a process and not a machine
// Standard output and error are left alone.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include <dlfcn.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

enum class Verdict { pass, fail, half };

std::atomic<long> seen{0};

const char* setting(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

/// Whether this process is one that is meant: `ballast runs child PARENT NAME ...` is that of a child run.
bool is_meant() {
  static const bool meant = [] {
    char line[4096] = {};
    std::FILE* file = std::fopen("/proc/self/cmdline", "r");
    if (file == nullptr) return true;
    const std::size_t size = std::fread(line, 1, sizeof line - 1, file);
    std::fclose(file);
    std::array<const char*, 5> words{};
    std::size_t count = 0;
    for (std::size_t at = 0; at < size && count < words.size(); at += std::strlen(line + at) + 1)
      words[count++] = line + at;
    const bool child = count == 5 && std::strcmp(words[1], "runs") == 0 && std::strcmp(words[2], "child") == 0;
    return std::strcmp(child ? words[4] : "", setting("FAULT_CHILD")) == 0;
  }();
  return meant;
}

// Whether `call` stands in a list with commas.
bool names(const char* list, const char* call) {
  const std::size_t size = std::strlen(call);
  for (const char* at = std::strstr(list, call); at != nullptr; at = std::strstr(at + 1, call)) {
    if ((at == list || at[-1] == ',') && (at[size] == '\0' || at[size] == ',')) return true;
  }
  return false;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

/// How much of each open file would be there after the power failed.
struct Synced {
  ino_t file = 0;
  off_t size = 0;
};
std::array<Synced, 1024> synced;
std::mutex synced_mutex;

/// Remembers the size before the first write, and at each sync.
void note_size(int fd, bool is_synced) {
  struct stat now {};
  if (fd < 0 || static_cast<std::size_t>(fd) >= synced.size() || ::fstat(fd, &now) != 0) return;
  const std::lock_guard guard(synced_mutex);
  Synced& known = synced[static_cast<std::size_t>(fd)];
  if (!is_synced && known.file == now.st_ino) return;
  known.file = now.st_ino;
  known.size = now.st_size;
}

void cut_what_was_not_synced() {
  static const auto cut = next<int (*)(int, off_t)>("ftruncate");
  const std::lock_guard guard(synced_mutex);
  for (std::size_t fd = 0; fd < synced.size(); ++fd) {
    struct stat now {};
    if (synced[fd].file == 0 || ::fstat(static_cast<int>(fd), &now) != 0 || now.st_ino != synced[fd].file) continue;
    if (S_ISREG(now.st_mode) && now.st_size > synced[fd].size && cut(static_cast<int>(fd), synced[fd].size) != 0)
      continue;
  }
}

Verdict judge(const char* call) {
  if (!is_meant()) return Verdict::pass;
  const char* chosen = setting("FAULT_CALL");
  if (std::strcmp(chosen, "any") != 0 && !names(chosen, call)) return Verdict::pass;
  const long at = std::atol(setting("FAULT_AT"));
  const long number = ++seen;
  const char* mode = setting("FAULT_MODE");
  const bool stays = std::strcmp(mode, "stay") == 0;
  if (at == 0 || (stays ? number < at : number != at)) return Verdict::pass;
  if (std::strcmp(mode, "power") == 0) cut_what_was_not_synced();
  if (std::strcmp(mode, "kill") == 0 || std::strcmp(mode, "power") == 0) ::kill(::getpid(), SIGKILL);
  if (std::strcmp(mode, "short") == 0) return Verdict::half;
  errno = std::strcmp(mode, "ENOSPC") == 0 ? ENOSPC : EIO;
  return Verdict::fail;
}

struct Report {
  ~Report() {
    const char* path = setting("FAULT_COUNT");
    if (*path == '\0' || !is_meant()) return;
    if (std::FILE* file = std::fopen(path, "w")) {
      std::fprintf(file, "%ld\n", seen.load());
      std::fclose(file);
    }
  }
} report;

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (fd <= 2) return real(fd, bytes, size);
  note_size(fd, false);
  switch (judge("write")) {
    case Verdict::fail: return -1;
    case Verdict::half: return real(fd, bytes, size / 2);
    case Verdict::pass: break;
  }
  return real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  switch (judge("pwrite")) {
    case Verdict::fail: return -1;
    case Verdict::half: return real(fd, bytes, size / 2, offset);
    case Verdict::pass: break;
  }
  return real(fd, bytes, size, offset);
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }

int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  if (judge("fdatasync") != Verdict::pass) return -1;
  note_size(fd, true);
  return *setting("FAULT_SKIP") == '\0' ? real(fd) : 0;
}

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  if (judge("fsync") != Verdict::pass) return -1;
  note_size(fd, true);
  return *setting("FAULT_SKIP") == '\0' ? real(fd) : 0;
}

int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  return judge("rename") == Verdict::pass ? real(from, to) : -1;
}

int ftruncate(int fd, off_t size) {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return judge("ftruncate") == Verdict::pass ? real(fd, size) : -1;
}

int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  return judge("unlink") == Verdict::pass ? real(path) : -1;
}

int rmdir(const char* path) {
  static const auto real = next<int (*)(const char*)>("rmdir");
  return judge("rmdir") == Verdict::pass ? real(path) : -1;
}

int mkdir(const char* path, mode_t mode) {
  static const auto real = next<int (*)(const char*, mode_t)>("mkdir");
  return judge("mkdir") == Verdict::pass ? real(path, mode) : -1;
}

}  // extern "C"
