/* Writes down what a process does to the files below a directory, in order, so that any power cut can be played.
 *
 * Use:   LD_PRELOAD=record.so RECORD_ROOT=/dir RECORD_TO=/trace program
 * Trace: per call one record: op 1 byte, offset 8, length of the path 2, length of the data 4, path, data.
 *        w a write   W a write that is on disk when it returns (O_DSYNC)   s a sync of a file or directory
 *        t truncate (offset is the size)   c create   u unlink   m make directory   r rename (data is the new path)
 * One lock spans the call and its record: the order of the trace is the order of the effects.
 * Memory maps are not seen: LMDB writes its data with write calls, and what it and SQLite map is made anew.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static const char *root;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define LOCKED(type, expression, record)          \
    pthread_mutex_lock(&lock);                    \
    type result = (expression);                   \
    int saved = errno;                            \
    if (result >= 0) { record; }                  \
    pthread_mutex_unlock(&lock);                  \
    errno = saved;                                \
    return result;

__attribute__((constructor)) static void begin(void) {
    root = getenv("RECORD_ROOT");
    const char *to = getenv("RECORD_TO");
    if (root && to) trace = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) { return trace >= 0 && path && !strncmp(path, root, strlen(root)); }

static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    path[n < 0 ? 0 : n] = 0;
    return ours(path);
}

static void absolute(int dir, const char *path, char *whole) {
    char base[PATH_MAX] = "";
    if (path[0] == '/') { snprintf(whole, PATH_MAX, "%s", path); return; }
    if (dir == AT_FDCWD) syscall(SYS_getcwd, base, sizeof base); else path_of(dir, base);
    if (snprintf(whole, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) abort();
}

static void put(const void *data, size_t n) {
    for (const char *at = data; n;) {
        ssize_t done = syscall(SYS_write, trace, at, n);
        if (done <= 0) abort();
        at += done, n -= done;
    }
}

static void record(char op, uint64_t offset, const char *path, const void *data, uint32_t n) {
    uint16_t length = strlen(path);
    put(&op, 1), put(&offset, 8), put(&length, 2), put(&n, 4), put(path, length), put(data, n);
}

static void written(int fd, off_t offset, const void *data, size_t n) {
    char path[PATH_MAX];
    if (trace < 0 || !n || !path_of(fd, path)) return;
    int flags = fcntl(fd, F_GETFL);
    record(flags & O_DSYNC ? 'W' : 'w', offset, path, data, n);
}

static void written_all(int fd, off_t offset, const struct iovec *parts, int count, ssize_t n) {
    for (int i = 0; i < count && n > 0; i++) {
        size_t some = parts[i].iov_len < (size_t)n ? parts[i].iov_len : (size_t)n;
        written(fd, offset, parts[i].iov_base, some);
        offset += some, n -= some;
    }
}

static off_t behind(int fd, ssize_t n) { return lseek(fd, 0, SEEK_CUR) - n; }

ssize_t write(int fd, const void *data, size_t n) {
    LOCKED(ssize_t, syscall(SYS_write, fd, data, n), written(fd, behind(fd, result), data, result))
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    LOCKED(ssize_t, syscall(SYS_pwrite64, fd, data, n, at), written(fd, at, data, result))
}
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { return pwrite(fd, data, n, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    LOCKED(ssize_t, syscall(SYS_writev, fd, parts, count), written_all(fd, behind(fd, result), parts, count, result))
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    LOCKED(ssize_t, REAL(pwritev)(fd, parts, count, at), written_all(fd, at, parts, count, result))
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return pwritev(fd, parts, count, at); }

static void about(int fd, char op, uint64_t number) {
    char path[PATH_MAX];
    if (trace >= 0 && path_of(fd, path)) record(op, number, path, "", 0);
}

int fsync(int fd) { LOCKED(int, syscall(SYS_fsync, fd), about(fd, 's', 0)) }
int fdatasync(int fd) { LOCKED(int, syscall(SYS_fdatasync, fd), about(fd, 's', 0)) }
int ftruncate(int fd, off_t size) { LOCKED(int, syscall(SYS_ftruncate, fd, size), about(fd, 't', size)) }
int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

static int opened(int dir, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    struct stat known;
    if (trace < 0 || !(flags & (O_CREAT | O_TRUNC))) return syscall(SYS_openat, dir, path, flags, mode);
    absolute(dir, path, whole);
    pthread_mutex_lock(&lock);
    int is_new = syscall(SYS_newfstatat, dir, path, &known, 0) != 0;
    int fd = syscall(SYS_openat, dir, path, flags, mode);
    int saved = errno;
    if (fd >= 0 && ours(whole)) {
        if (is_new) record('c', 0, whole, "", 0);
        else if (flags & O_TRUNC) record('t', 0, whole, "", 0);
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return fd;
}

#define MODE                                        \
    mode_t mode = 0;                                \
    if (flags & (O_CREAT | O_TMPFILE)) {            \
        va_list rest;                               \
        va_start(rest, flags);                      \
        mode = va_arg(rest, mode_t);                \
        va_end(rest);                               \
    }

int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags, mode); }

static void named(char op, int dir, const char *path) {
    char whole[PATH_MAX];
    if (trace < 0) return;
    absolute(dir, path, whole);
    if (ours(whole)) record(op, 0, whole, "", 0);
}

int unlink(const char *path) { LOCKED(int, syscall(SYS_unlinkat, AT_FDCWD, path, 0), named('u', AT_FDCWD, path)) }
int unlinkat(int dir, const char *path, int flags) {
    LOCKED(int, syscall(SYS_unlinkat, dir, path, flags), named('u', dir, path))
}
int rmdir(const char *path) { LOCKED(int, syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR), named('u', AT_FDCWD, path)) }
int mkdir(const char *path, mode_t mode) {
    LOCKED(int, syscall(SYS_mkdirat, AT_FDCWD, path, mode), named('m', AT_FDCWD, path))
}
int mkdirat(int dir, const char *path, mode_t mode) {
    LOCKED(int, syscall(SYS_mkdirat, dir, path, mode), named('m', dir, path))
}

static void renamed(int from, const char *old, int to, const char *new) {
    char before[PATH_MAX], after[PATH_MAX];
    if (trace < 0) return;
    absolute(from, old, before), absolute(to, new, after);
    if (ours(after)) record('r', 0, before, after, strlen(after));
}

int rename(const char *old, const char *new) {
    LOCKED(int, syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0), renamed(AT_FDCWD, old, AT_FDCWD, new))
}
int renameat(int from, const char *old, int to, const char *new) {
    LOCKED(int, syscall(SYS_renameat2, from, old, to, new, 0), renamed(from, old, to, new))
}
