/*
 * Preloaded into a service: while the file $FAULT_SWITCH exists, what changes files below $FAULT_BELOW fails with the
 * error whose number the file holds. Reads go on, as on a disk that is full, failing or read-only.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int below(const char *path) {
  const char *directory = getenv("FAULT_BELOW");
  return directory != NULL && strncmp(path, directory, strlen(directory)) == 0;
}

/* The error to give now, or 0. Not with stdio, which would call what is replaced here. */
static int fault(void) {
  const char *path = getenv("FAULT_SWITCH");
  char text[16] = {0};
  int saved = errno;
  int file = path == NULL ? -1 : REAL(open)(path, O_RDONLY);
  if (file >= 0) {
    if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
    close(file);
  }
  errno = saved;
  return atoi(text);
}

static int fails(int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  int saved = errno;
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length < 0) return 0;
  path[length] = 0;
  int code = below(path) ? fault() : 0;
  if (code != 0) errno = code;
  return code != 0;
}

static int fails_at(const char *path) {
  int code = below(path) ? fault() : 0;
  if (code != 0) errno = code;
  return code != 0;
}

ssize_t write(int f, const void *b, size_t n) { return fails(f) ? -1 : REAL(write)(f, b, n); }
ssize_t writev(int f, const struct iovec *v, int n) { return fails(f) ? -1 : REAL(writev)(f, v, n); }
ssize_t pwrite(int f, const void *b, size_t n, off_t o) { return fails(f) ? -1 : REAL(pwrite)(f, b, n, o); }
ssize_t pwrite64(int f, const void *b, size_t n, off64_t o) { return fails(f) ? -1 : REAL(pwrite64)(f, b, n, o); }
ssize_t pwritev(int f, const struct iovec *v, int n, off_t o) { return fails(f) ? -1 : REAL(pwritev)(f, v, n, o); }
int fsync(int f) { return fails(f) ? -1 : REAL(fsync)(f); }
int fdatasync(int f) { return fails(f) ? -1 : REAL(fdatasync)(f); }
int ftruncate(int f, off_t n) { return fails(f) ? -1 : REAL(ftruncate)(f, n); }
int ftruncate64(int f, off64_t n) { return fails(f) ? -1 : REAL(ftruncate64)(f, n); }
int unlink(const char *p) { return fails_at(p) ? -1 : REAL(unlink)(p); }
int rename(const char *a, const char *b) { return fails_at(b) ? -1 : REAL(rename)(a, b); }
int mkdir(const char *p, mode_t m) { return fails_at(p) ? -1 : REAL(mkdir)(p, m); }

static int opened(const char *name, const char *path, int flags, mode_t mode) {
  int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
  if ((flags & O_CREAT) != 0 && fails_at(path)) return -1;
  return real(path, flags, mode);
}

#define OPEN(name)                                     \
  int name(const char *path, int flags, ...) {         \
    va_list rest;                                      \
    va_start(rest, flags);                             \
    mode_t mode = va_arg(rest, mode_t);                \
    va_end(rest);                                      \
    return opened(#name, path, flags, mode);           \
  }
OPEN(open)
OPEN(open64)
