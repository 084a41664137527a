// A library to load before libc (LD_PRELOAD): counts the calls that make evidence durable and fails or shortens one.
//
//   FAULT_CALL   which of write, pwrite, fdatasync, fsync, rename, ftruncate, unlink, rmdir, mkdir (all of them counted
//                together: any); several with commas between
//   FAULT_AT     the n-th such call, from 1; 0 only counts
//   FAULT_MODE   EIO, ENOSPC: fail with it; short: write half; kill: end the process at once, before the call;
//                stay: fail with EIO at and after the n-th call
//   FAULT_COUNT  file that receives the number of calls seen when the process ends
//   FAULT_SKIP   when set, fdatasync and fsync are counted and not done: what is killed is a process and not a machine
// Standard output and error are left alone.
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

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

// Whether `call` stands in a list with commas.
bool names(const char* list, const char* call) {
  const std::size_t size = std::strlen(call);
  for (const char* at = std::strstr(list, call); at != nullptr; at = std::strstr(at + 1, call)) {
    if ((at == list || at[-1] == ',') && (at[size] == '\0' || at[size] == ',')) return true;
  }
  return false;
}

Verdict judge(const char* call) {
  const char* chosen = setting("FAULT_CALL");
  if (std::strcmp(chosen, "any") != 0 && !names(chosen, call)) return Verdict::pass;
  const long at = std::atol(setting("FAULT_AT"));
  const long number = ++seen;
  const char* mode = setting("FAULT_MODE");
  const bool stays = std::strcmp(mode, "stay") == 0;
  if (at == 0 || (stays ? number < at : number != at)) return Verdict::pass;
  if (std::strcmp(mode, "kill") == 0) ::kill(::getpid(), SIGKILL);
  if (std::strcmp(mode, "short") == 0) return Verdict::half;
  errno = std::strcmp(mode, "ENOSPC") == 0 ? ENOSPC : EIO;
  return Verdict::fail;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

struct Report {
  ~Report() {
    const char* path = setting("FAULT_COUNT");
    if (*path == '\0') return;
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
  return *setting("FAULT_SKIP") == '\0' ? real(fd) : 0;
}

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  if (judge("fsync") != Verdict::pass) return -1;
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
