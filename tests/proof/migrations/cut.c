/* Stands before the C library in a process that is to be cut off while it writes: each call that changes a data
 * file, its log or a copy of it is counted, and at the one that is asked for the process is killed, or from there
 * on no room is left. What the shared memory holds is no promise of anybody and not counted. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static long done;

static long asked(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : -1;
}

static int counts(const char *path) {
    size_t length = strlen(path);
    return strstr(path, "evs.db") && !(length > 4 && !strcmp(path + length - 4, "-shm"));
}

static int is_ours(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return counts(path);
}

/* Counts a call; says whether there is no room for it, and how much of a write is still to be done. */
static int reached(void) {
    long now = __atomic_add_fetch(&done, 1, __ATOMIC_SEQ_CST);
    const char *log = getenv("EVS_CUT_LOG");
    if (log) {
        int fd = open(log, O_WRONLY | O_APPEND | O_CREAT, 0600);
        ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        if (fd >= 0) { if (real(fd, ".", 1) < 0) _exit(99); close(fd); }
    }
    long full = asked("EVS_CUT_FULL");
    if (full > 0 && now >= full) return 1;
    return now == asked("EVS_CUT_KILL") ? 2 : 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (!is_ours(fd)) return real(fd, bytes, count);
    int how = reached();
    if (how == 1) { errno = ENOSPC; return -1; }
    if (how == 2) { if (real(fd, bytes, count / 2) < 0) {} die(); }
    return real(fd, bytes, count);
}

#define PWRITE(name, offset_type) \
    ssize_t name(int fd, const void *bytes, size_t count, offset_type at) { \
        ssize_t (*real)(int, const void *, size_t, offset_type) = dlsym(RTLD_NEXT, #name); \
        if (!is_ours(fd)) return real(fd, bytes, count, at); \
        int how = reached(); \
        if (how == 1) { errno = ENOSPC; return -1; } \
        if (how == 2) { if (real(fd, bytes, count / 2, at) < 0) {} die(); } \
        return real(fd, bytes, count, at); \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_FILE(name, arguments, given) \
    int name arguments { \
        int (*real) arguments = dlsym(RTLD_NEXT, #name); \
        if (is_ours(fd) && reached() == 2) die(); \
        return real given; \
    }
ON_FILE(fsync, (int fd), (fd))
ON_FILE(fdatasync, (int fd), (fd))
ON_FILE(ftruncate, (int fd, off_t length), (fd, length))
ON_FILE(ftruncate64, (int fd, off64_t length), (fd, length))

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    if (counts(from) && reached() == 2) die();
    return real(from, to);
}

int unlink(const char *path) {
    int (*real)(const char *) = dlsym(RTLD_NEXT, "unlink");
    if (counts(path) && reached() == 2) die();
    return real(path);
}
