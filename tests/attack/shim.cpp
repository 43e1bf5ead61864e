// SPDX-License-Identifier: Apache-2.0
// A library for LD_PRELOAD under which the N-th call of one kind fails, or kills its process. What it does
// stands in the environment:
//
//   CADDIE_ATTACK_IN      the verb of caddie in whose processes it acts: run, sweep, ...
//   CADDIE_ATTACK_CALL    the kind of call: open, read, write, close, fsync, rename, link, unlink, mkdir,
//   mmap,
//                         truncate, lock, fork, stat, list; "space" is all that fill a disk
//   CADDIE_ATTACK_NTH     which call fails, from 1
//   CADDIE_ATTACK_ERRNO   how it fails; "kill" for SIGKILL before the call
//   CADDIE_ATTACK_STICKY  when set, all calls after it fail too
//   CADDIE_ATTACK_COUNT   a file to which each process adds a line "KIND NUMBER" for each kind of call
//
// What glibc calls inside itself (fprintf on stdout, opendir's own open) passes by.
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>

namespace {

enum Kind {
  kOpen,
  kRead,
  kWrite,
  kClose,
  kFsync,
  kRename,
  kLink,
  kUnlink,
  kMkdir,
  kMmap,
  kTruncate,
  kLock,
  kFork,
  kStat,
  kList,
  kKinds
};
constexpr const char* kNames[kKinds] = {"open",     "read", "write",  "close", "fsync",
                                        "rename",   "link", "unlink", "mkdir", "mmap",
                                        "truncate", "lock", "fork",   "stat",  "list"};

std::atomic<long> counts[kKinds], space{0};
bool active = false, sticky = false;
const char* chosen = "";
long nth = 0;
int error_number = 0;
constexpr int kKill = -1;

const char* setting(const char* name) {
  const char* value = getenv(name);
  return value ? value : "";
}

/// Tells whether this process runs the verb that is attacked.
bool runs_verb(const char* verb) {
  char line[512] = {};
  int file = open("/proc/self/cmdline", O_RDONLY);
  ssize_t size = read(file, line, sizeof line - 1);
  close(file);
  size_t first = strlen(line);
  return size > 0 && ssize_t(first) + 1 < size && strcmp(line + first + 1, verb) == 0;
}

__attribute__((constructor)) void begin() {
  chosen = setting("CADDIE_ATTACK_CALL");
  nth = atol(setting("CADDIE_ATTACK_NTH"));
  sticky = *setting("CADDIE_ATTACK_STICKY");
  const char* how = setting("CADDIE_ATTACK_ERRNO");
  error_number = strcmp(how, "kill") == 0 ? kKill : atoi(how);
  bool here = runs_verb(setting("CADDIE_ATTACK_IN"));
  for (std::atomic<long>& count : counts) count = 0;
  space = 0;
  active = here;
}

__attribute__((destructor)) void end() {
  const char* path = setting("CADDIE_ATTACK_COUNT");
  if (!active || !*path) return;
  active = false;
  FILE* file = fopen(path, "a");
  if (!file) return;
  for (int kind = 0; kind < kKinds; ++kind) fprintf(file, "%s %ld\n", kNames[kind], counts[kind].load());
  fprintf(file, "space %ld\n", space.load());
  fclose(file);
}

bool is_hit(long count) { return count == nth || (sticky && count > nth); }

/// Counts a call; returns whether it shall fail, with errno set.
bool fails(Kind kind) {
  if (!active) return false;
  bool fills = kind == kWrite || kind == kFsync || kind == kTruncate || kind == kMkdir;
  long count = ++counts[kind], filled = fills ? ++space : 0;
  bool hit = strcmp(chosen, "space") == 0 ? fills && is_hit(filled)
                                          : strcmp(chosen, kNames[kind]) == 0 && is_hit(count);
  if (!hit) return false;
  if (error_number == kKill) kill(getpid(), SIGKILL);
  errno = error_number;
  return true;
}

template <class F>
F next(F, const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// The name of a function, its kind, what it returns when it fails, its parameters and its arguments.
#define CADDIE_FAILING(result, name, kind, failure, parameters, ...)         \
  extern "C" __attribute__((visibility("default"))) result name parameters { \
    static const auto real = next(&name, #name);                             \
    if (fails(kind)) return failure;                                         \
    return real(__VA_ARGS__);                                                \
  }
#define CADDIE_OPENING(name)                                                                     \
  extern "C" __attribute__((visibility("default"))) int name(const char* path, int flags, ...) { \
    static const auto real = next(&name, #name);                                                 \
    va_list rest;                                                                                \
    va_start(rest, flags);                                                                       \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? mode_t(va_arg(rest, int)) : 0;                 \
    va_end(rest);                                                                                \
    return fails(kOpen) ? -1 : real(path, flags, mode);                                          \
  }
#define CADDIE_OPENING_AT(name)                                                                          \
  extern "C" __attribute__((visibility("default"))) int name(int at, const char* path, int flags, ...) { \
    static const auto real = next(&name, #name);                                                         \
    va_list rest;                                                                                        \
    va_start(rest, flags);                                                                               \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? mode_t(va_arg(rest, int)) : 0;                         \
    va_end(rest);                                                                                        \
    return fails(kOpen) ? -1 : real(at, path, flags, mode);                                              \
  }
// A descriptor and a stream are gone even when closing them fails.
#define CADDIE_CLOSING(name, type)                                        \
  extern "C" __attribute__((visibility("default"))) int name(type what) { \
    static const auto real = next(&name, #name);                          \
    bool failing = fails(kClose);                                         \
    int error = errno, result = real(what);                               \
    if (failing) errno = error;                                           \
    return failing ? -1 : result;                                         \
  }
// Locks only: the rest of what fcntl() does is not worth failing.
#define CADDIE_LOCKING(name)                                                                            \
  extern "C" __attribute__((visibility("default"))) int name(int file, int command, ...) {              \
    static const auto real = next(&name, #name);                                                        \
    va_list rest;                                                                                       \
    va_start(rest, command);                                                                            \
    void* argument = va_arg(rest, void*);                                                               \
    va_end(rest);                                                                                       \
    bool locks =                                                                                        \
        command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW; \
    return locks && fails(kLock) ? -1 : real(file, command, argument);                                  \
  }

using Stat = struct stat;
using Stat64 = struct stat64;

CADDIE_OPENING(open)
CADDIE_OPENING(open64)
CADDIE_OPENING_AT(openat)
CADDIE_OPENING_AT(openat64)
CADDIE_FAILING(FILE*, fopen, kOpen, nullptr, (const char* path, const char* mode), path, mode)
CADDIE_FAILING(FILE*, fopen64, kOpen, nullptr, (const char* path, const char* mode), path, mode)
CADDIE_FAILING(DIR*, opendir, kList, nullptr, (const char* path), path)
CADDIE_FAILING(DIR*, fdopendir, kList, nullptr, (int file), file)
CADDIE_FAILING(ssize_t, read, kRead, -1, (int file, void* to, size_t size), file, to, size)
CADDIE_FAILING(ssize_t, pread, kRead, -1, (int file, void* to, size_t size, off_t at), file, to, size, at)
CADDIE_FAILING(ssize_t, pread64, kRead, -1, (int file, void* to, size_t size, off64_t at), file, to, size, at)
CADDIE_FAILING(ssize_t, write, kWrite, -1, (int file, const void* from, size_t size), file, from, size)
CADDIE_FAILING(ssize_t, pwrite, kWrite, -1, (int file, const void* from, size_t size, off_t at), file, from,
               size, at)
CADDIE_FAILING(ssize_t, pwrite64, kWrite, -1, (int file, const void* from, size_t size, off64_t at), file,
               from, size, at)
CADDIE_FAILING(ssize_t, writev, kWrite, -1, (int file, const iovec* from, int count), file, from, count)
CADDIE_CLOSING(close, int)
CADDIE_CLOSING(fclose, FILE*)
CADDIE_FAILING(int, fsync, kFsync, -1, (int file), file)
CADDIE_FAILING(int, fdatasync, kFsync, -1, (int file), file)
CADDIE_FAILING(int, rename, kRename, -1, (const char* from, const char* to), from, to)
CADDIE_FAILING(int, link, kLink, -1, (const char* from, const char* to), from, to)
CADDIE_FAILING(int, unlink, kUnlink, -1, (const char* path), path)
CADDIE_FAILING(int, remove, kUnlink, -1, (const char* path), path)
CADDIE_FAILING(int, unlinkat, kUnlink, -1, (int at, const char* path, int flags), at, path, flags)
CADDIE_FAILING(int, mkdir, kMkdir, -1, (const char* path, mode_t mode), path, mode)
CADDIE_FAILING(void*, mmap, kMmap, MAP_FAILED,
               (void* at, size_t size, int access, int flags, int file, off_t from), at, size, access, flags,
               file, from)
CADDIE_FAILING(void*, mmap64, kMmap, MAP_FAILED,
               (void* at, size_t size, int access, int flags, int file, off64_t from), at, size, access,
               flags, file, from)
CADDIE_FAILING(int, ftruncate, kTruncate, -1, (int file, off_t size), file, size)
CADDIE_FAILING(int, ftruncate64, kTruncate, -1, (int file, off64_t size), file, size)
CADDIE_FAILING(int, truncate, kTruncate, -1, (const char* path, off_t size), path, size)
CADDIE_FAILING(int, flock, kLock, -1, (int file, int operation), file, operation)
CADDIE_LOCKING(fcntl)
CADDIE_LOCKING(fcntl64)
CADDIE_FAILING(pid_t, fork, kFork, -1, ())
CADDIE_FAILING(int, stat, kStat, -1, (const char* path, Stat* to), path, to)
CADDIE_FAILING(int, stat64, kStat, -1, (const char* path, Stat64* to), path, to)
CADDIE_FAILING(int, lstat, kStat, -1, (const char* path, Stat* to), path, to)
CADDIE_FAILING(int, fstat, kStat, -1, (int file, Stat* to), file, to)
CADDIE_FAILING(int, fstat64, kStat, -1, (int file, Stat64* to), file, to)
CADDIE_FAILING(int, fstatat, kStat, -1, (int at, const char* path, Stat* to, int flags), at, path, to, flags)
