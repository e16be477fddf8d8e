/* Puts the camera of device.c where a program looks for one, by LD_PRELOAD.
 *
 * The path V4L2_STANDIN_PATH, which need not exist, is then a character device of major
 * 81, minor 0. All other paths and files are the system's.
 */
#define _GNU_SOURCE
#include "device.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { MAJOR = 81 };
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define EXPORT __attribute__((visibility("default")))

static bool is_camera(const char *path) {
    const char *ours = getenv("V4L2_STANDIN_PATH");
    if (ours && path && !strcmp(path, ours))
        return true;
    int fd; /* an open file by its name in /proc: the same device */
    return path && sscanf(path, "/proc/self/fd/%d", &fd) == 1 && device_owns(fd);
}

static mode_t mode_of(int flags, va_list arguments) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                                                      \
    EXPORT int name(const char *path, int flags, ...) {                                 \
        va_list arguments;                                                              \
        va_start(arguments, flags);                                                     \
        mode_t mode = mode_of(flags, arguments);                                        \
        va_end(arguments);                                                              \
        return is_camera(path) ? device_open(flags) : NEXT(name)(path, flags, mode);    \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                    \
    EXPORT int name(int folder, const char *path, int flags, ...) {                     \
        va_list arguments;                                                              \
        va_start(arguments, flags);                                                     \
        mode_t mode = mode_of(flags, arguments);                                        \
        va_end(arguments);                                                              \
        return is_camera(path) ? device_open(flags)                                     \
                               : NEXT(name)(folder, path, flags, mode);                 \
    }
OPENAT(openat)
OPENAT(openat64)

static int no_camera(void) {
    if (!setting("gone", 0))
        return 0;
    errno = ENOENT;
    return -1;
}

#define STAT(name, type)                                                                \
    EXPORT int name(const char *path, struct type *out) {                               \
        if (!is_camera(path))                                                           \
            return NEXT(name)(path, out);                                               \
        memset(out, 0, sizeof *out);                                                    \
        out->st_mode = S_IFCHR | 0660;                                                  \
        out->st_rdev = makedev(MAJOR, 0);                                               \
        return no_camera();                                                             \
    }
STAT(stat, stat)
STAT(stat64, stat64)

#define FSTAT(name, type)                                                               \
    EXPORT int name(int fd, struct type *out) {                                         \
        if (!device_owns(fd))                                                           \
            return NEXT(name)(fd, out);                                                 \
        memset(out, 0, sizeof *out);                                                    \
        out->st_mode = S_IFCHR | 0660;                                                  \
        out->st_rdev = makedev(MAJOR, 0);                                               \
        return 0;                                                                       \
    }
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)

EXPORT int ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    return device_owns(fd) ? device_ioctl(fd, request, argument)
                           : NEXT(ioctl)(fd, request, argument);
}

#define MMAP(name, offset_type)                                                         \
    EXPORT void *name(void *where, size_t length, int protection, int flags, int fd,    \
                      offset_type offset) {                                             \
        return fd >= 0 && device_owns(fd)                                               \
                   ? device_map(length, protection, flags, fd, offset)                  \
                   : NEXT(name)(where, length, protection, flags, fd, offset);          \
    }
MMAP(mmap, off_t)
MMAP(mmap64, off64_t)

EXPORT int close(int fd) {
    if (device_owns(fd))
        device_close(fd);
    return NEXT(close)(fd);
}
