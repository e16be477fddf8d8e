/* The camera itself: its opened files, buffers, and a thread that fills them in time.
 *
 * An opened file is an eventfd whose count is that of the filled buffers, so that the
 * system's own select and poll wait for them. Settings of faults: gone, gone_after,
 * eio_after, stall_after, hang_after, busy, open_busy, stream_busy, dead_start.
 */
#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 1024, BUFFERS = 8, CAPTURE = V4L2_BUF_TYPE_VIDEO_CAPTURE };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool opened[FILES], nonblocking[FILES];
static int owner = -1, memory = -1, count, frames;
static bool streaming;
static pthread_t thread;
static struct v4l2_buffer buffers[BUFFERS];
static int waiting[BUFFERS], waiting_count, done[BUFFERS], done_count;
static unsigned char *store;

static bool past(const char *name) {
    int after = setting(name, -1);
    return after >= 0 && streaming && frames >= after;
}

static bool gone(void) { return setting("gone", 0) || past("gone_after"); }

bool device_owns(int fd) { return fd >= 0 && fd < FILES && opened[fd]; }

int device_open(int flags) {
    if (setting("gone", 0) || setting("open_busy", 0)) {
        errno = setting("gone", 0) ? ENOENT : EBUSY;
        return -1;
    }
    int fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | (flags & O_CLOEXEC ? EFD_CLOEXEC : 0));
    if (fd >= FILES) {
        close(fd);
        fd = -1;
    }
    if (fd >= 0) {
        opened[fd] = true;
        nonblocking[fd] = flags & O_NONBLOCK;
        note("open");
    }
    return fd;
}

/* --- frames ------------------------------------------------------------------------- */
static void take_frame(void) {
    if (gone() || past("eio_after")) {
        eventfd_write(owner, 1); /* whoever waits learns of it */
        return;
    }
    if (past("stall_after") || setting("dead_start", 0))
        return;
    expose();
    if (waiting_count && !past("hang_after")) {
        int index = waiting[0];
        memmove(waiting, waiting + 1, sizeof(int) * --waiting_count);
        fill(&buffers[index], store + buffers[index].m.offset, frames);
        done[done_count++] = index;
        eventfd_write(owner, 1);
    }
    frames++;
}

static void *run(void *unused) {
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (;;) {
        next.tv_nsec += 1000000000L / frames_per_second(rate);
        next.tv_sec += next.tv_nsec / 1000000000L;
        next.tv_nsec %= 1000000000L;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
        pthread_mutex_lock(&lock);
        bool on = streaming;
        if (on)
            take_frame();
        pthread_mutex_unlock(&lock);
        if (!on)
            return unused;
    }
}

/* --- buffers ------------------------------------------------------------------------ */
static int stop(void) {
    if (!streaming)
        return 0;
    streaming = false;
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    pthread_mutex_lock(&lock);
    eventfd_t old;
    while (owner >= 0 && !eventfd_read(owner, &old))
        ;
    waiting_count = done_count = 0;
    note("stream off");
    return 0;
}

static int start(int fd) {
    if (fd != owner || !count)
        return EINVAL;
    if (setting("stream_busy", 0))
        return EBUSY;
    if (streaming)
        return 0;
    streaming = true;
    frames = 0;
    note("stream on");
    return pthread_create(&thread, NULL, run, NULL);
}

static int request_buffers(int fd, struct v4l2_requestbuffers *asked) {
    if (asked->memory != V4L2_MEMORY_MMAP || asked->type != CAPTURE)
        return EINVAL;
    if ((owner >= 0 && owner != fd) || streaming || setting("busy", 0))
        return EBUSY;
    if (store)
        munmap(store, (size_t)count * shape.sizeimage);
    if (memory >= 0)
        close(memory);
    store = NULL;
    memory = -1;
    waiting_count = done_count = 0;
    count = asked->count = asked->count > BUFFERS ? BUFFERS : asked->count;
    owner = count ? fd : -1;
    if (!count)
        return 0;
    size_t size = (size_t)count * shape.sizeimage;
    memory = memfd_create("v4l2", MFD_CLOEXEC);
    if (memory < 0 || ftruncate(memory, size))
        return ENOMEM;
    store = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    for (int index = 0; index < count; index++)
        buffers[index] = (struct v4l2_buffer){
            .index = index, .type = CAPTURE, .memory = V4L2_MEMORY_MMAP,
            .length = shape.sizeimage, .m.offset = index * shape.sizeimage};
    return 0;
}

static int queue(struct v4l2_buffer *asked) {
    if ((int)asked->index >= count || waiting_count >= count)
        return EINVAL;
    for (int one = 0; one < waiting_count; one++)
        if (waiting[one] == (int)asked->index)
            return EINVAL;
    waiting[waiting_count++] = asked->index;
    asked->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_QUEUED;
    return 0;
}

static void sleep_in_driver(void) {
    while (past("hang_after")) { /* until the setting is taken back */
        pthread_mutex_unlock(&lock);
        usleep(10000);
        pthread_mutex_lock(&lock);
    }
}

static int dequeue(int fd, struct v4l2_buffer *out) {
    if (fd != owner || !streaming)
        return EINVAL;
    sleep_in_driver();
    if (past("eio_after")) {
        out->flags = V4L2_BUF_FLAG_DONE;
        return EIO;
    }
    if (!done_count)
        return EAGAIN; /* nobody here opens it to wait in the call */
    eventfd_t one;
    eventfd_read(fd, &one);
    *out = buffers[done[0]];
    memmove(done, done + 1, sizeof(int) * --done_count);
    return 0;
}

void *device_map(size_t length, int protection, int flags, int fd, off_t offset) {
    pthread_mutex_lock(&lock);
    int from = fd == owner ? memory : -1;
    pthread_mutex_unlock(&lock);
    return mmap(NULL, length, protection, flags, from, offset);
}

void device_close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd == owner) {
        stop();
        struct v4l2_requestbuffers none = {
            .type = CAPTURE, .memory = V4L2_MEMORY_MMAP, .count = 0};
        request_buffers(fd, &none);
        owner = -1;
    }
    opened[fd] = false;
    note("close");
    pthread_mutex_unlock(&lock);
}

/* --- calls -------------------------------------------------------------------------- */
static int answer(int fd, unsigned long request, void *argument) {
    if (gone())
        return ENODEV;
    if (!shape.width)
        fit(&shape);
    switch (request) {
    case VIDIOC_QUERYCAP:
        return setting("no_v4l2", 0) ? ENOTTY : name_itself(argument);
    case VIDIOC_ENUM_FMT:
        return name_format(argument);
    case VIDIOC_G_FMT:
        ((struct v4l2_format *)argument)->fmt.pix = shape;
        return 0;
    case VIDIOC_TRY_FMT:
        fit(&((struct v4l2_format *)argument)->fmt.pix);
        return 0;
    case VIDIOC_S_FMT:
        return count || setting("busy", 0) ? EBUSY : set_format(argument);
    case VIDIOC_G_PARM:
        return tell_rate(argument);
    case VIDIOC_S_PARM:
        return streaming || setting("busy", 0) ? EBUSY : set_rate(argument);
    case VIDIOC_REQBUFS:
        return request_buffers(fd, argument);
    case VIDIOC_QUERYBUF:
        if ((int)((struct v4l2_buffer *)argument)->index >= count)
            return EINVAL;
        *(struct v4l2_buffer *)argument = buffers[((struct v4l2_buffer *)argument)->index];
        return 0;
    case VIDIOC_QBUF:
        return queue(argument);
    case VIDIOC_DQBUF:
        return dequeue(fd, argument);
    case VIDIOC_STREAMON:
        return start(fd);
    case VIDIOC_STREAMOFF:
        return stop();
    case VIDIOC_QUERYCTRL:
        return query_control(argument);
    case VIDIOC_G_CTRL:
        return get_control(argument);
    case VIDIOC_S_CTRL:
        return set_control(argument);
    default:
        return ENOTTY;
    }
}

int device_ioctl(int fd, unsigned long request, void *argument) {
    pthread_mutex_lock(&lock);
    int fault = answer(fd, (unsigned int)request, argument);
    pthread_mutex_unlock(&lock);
    errno = fault;
    return fault ? -1 : 0;
}
