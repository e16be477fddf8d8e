/* A GPIO chip for tests, by LD_PRELOAD: it answers the kernel's ioctls from linux/gpio.h,
 * with that header's own structs, and writes what is asked of it into GPIO_LOG.
 *
 * The chip is whatever file GPIO_CHIP names; it has 28 lines, and line 5 is in use. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/gpio.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const char *text) {
    int log = open(getenv("GPIO_LOG"), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(log, text, strlen(text)) < 0) abort();
    close(log);
}

static int is_chip(int fd) {
    struct stat chip, asked;
    return stat(getenv("GPIO_CHIP"), &chip) == 0 && fstat(fd, &asked) == 0 &&
           chip.st_rdev == asked.st_rdev && chip.st_ino == asked.st_ino;
}

static int refuse(int why) {
    errno = why;
    return -1;
}

static int get_lines(struct gpio_v2_line_request *request) {
    char text[256];
    if (request->num_lines == 0 || request->num_lines > GPIO_V2_LINES_MAX)
        return refuse(EINVAL);
    if (request->config.num_attrs != 0 || request->padding[0] || request->config.padding[0])
        return refuse(EINVAL);
    for (unsigned i = 0; i < request->num_lines; i++) {
        if (request->offsets[i] >= 28) return refuse(EINVAL);
        if (request->offsets[i] == 5) return refuse(EBUSY);
    }
    if (!(request->config.flags & GPIO_V2_LINE_FLAG_OUTPUT)) return refuse(EINVAL);
    request->fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    snprintf(text, sizeof text, "take %s%s", request->consumer,
             request->config.flags & GPIO_V2_LINE_FLAG_ACTIVE_LOW ? " low" : "");
    note(text);
    for (unsigned i = 0; i < request->num_lines; i++) {
        snprintf(text, sizeof text, " %u", request->offsets[i]);
        note(text);
    }
    note("\n");
    return 0;
}

int ioctl(int fd, unsigned long code, ...) {
    static int (*next)(int, unsigned long, ...);
    va_list rest;
    va_start(rest, code);
    void *given = va_arg(rest, void *);
    va_end(rest);
    if (code == GPIO_V2_GET_LINE_IOCTL && is_chip(fd)) return get_lines(given);
    if (code == GPIO_V2_LINE_SET_VALUES_IOCTL) {
        struct gpio_v2_line_values *values = given;
        char text[64];
        if (getenv("GPIO_BROKEN")) return refuse(EIO);
        snprintf(text, sizeof text, "set %llx of %llx\n", (unsigned long long)values->bits,
                 (unsigned long long)values->mask);
        note(text);
        return 0;
    }
    if (!next) next = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
    return next(fd, code, given);
}
