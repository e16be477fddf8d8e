/* What the camera gives: its name, its formats and sizes, and its pictures. */
#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <glob.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct v4l2_pix_format shape;
int rate = 30;

static const __u32 *formats(void) {
    static const __u32 both[] = {V4L2_PIX_FMT_MJPEG, V4L2_PIX_FMT_YUYV, 0};
    return setting("mjpg", 1) ? both : both + 1;
}

void fit(struct v4l2_pix_format *wished) {
    const __u32 *format = formats();
    while (*format && *format != wished->pixelformat)
        format++;
    wished->pixelformat = *format ? *format : formats()[0];
    bool large = wished->width > 640;
    wished->width = setting("width", large ? 1280 : 640);
    wished->height = setting("height", large ? 720 : 480);
    wished->field = V4L2_FIELD_NONE;
    wished->bytesperline =
        wished->pixelformat == V4L2_PIX_FMT_YUYV ? wished->width * 2 : 0;
    wished->sizeimage = wished->width * wished->height * 2;
    wished->colorspace = V4L2_COLORSPACE_SRGB;
}

int name_itself(struct v4l2_capability *told) {
    memset(told, 0, sizeof *told);
    text_setting("driver", "uvcvideo", (char *)told->driver, sizeof told->driver);
    text_setting("card", "Stand-in Camera", (char *)told->card, sizeof told->card);
    text_setting("bus", "usb-0000:01:00.0-1.2", (char *)told->bus_info,
                 sizeof told->bus_info);
    told->device_caps = setting("caps", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING);
    told->capabilities = told->device_caps | V4L2_CAP_DEVICE_CAPS;
    return 0;
}

int name_format(struct v4l2_fmtdesc *asked) {
    const __u32 *known = formats();
    for (__u32 index = 0; *known; index++, known++)
        if (index == asked->index) {
            asked->pixelformat = *known;
            asked->flags = *known == V4L2_PIX_FMT_MJPEG ? V4L2_FMT_FLAG_COMPRESSED : 0;
            return 0;
        }
    return EINVAL;
}

int set_format(struct v4l2_format *wished) {
    if (wished->type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
        return EINVAL;
    fit(&wished->fmt.pix);
    shape = wished->fmt.pix;
    note("format %.4s %ux%u", (char *)&shape.pixelformat, shape.width, shape.height);
    return 0;
}

int tell_rate(struct v4l2_streamparm *parameters) {
    struct v4l2_captureparm *capture = &parameters->parm.capture;
    memset(capture, 0, sizeof *capture);
    capture->capability = V4L2_CAP_TIMEPERFRAME;
    capture->timeperframe = (struct v4l2_fract){1, rate};
    return 0;
}

int set_rate(struct v4l2_streamparm *parameters) {
    struct v4l2_fract wished = parameters->parm.capture.timeperframe;
    int fastest = setting("fps_max", 30);
    rate = fastest;
    if (wished.numerator && wished.denominator)
        rate = (int)(wished.denominator / wished.numerator);
    rate = rate > fastest ? fastest : rate < 1 ? 1 : rate;
    note("rate %d", rate);
    return tell_rate(parameters);
}

static size_t jpeg(int number, unsigned char *out, size_t room) {
    glob_t found;
    char pattern[512];
    const char *folder = getenv("V4L2_STANDIN_FRAMES");
    snprintf(pattern, sizeof pattern, "%s/*.jpg", folder ? folder : "");
    size_t size = 0;
    if (!glob(pattern, 0, NULL, &found)) {
        FILE *file = fopen(found.gl_pathv[number % found.gl_pathc], "re");
        if (file) {
            size = fread(out, 1, room, file);
            fclose(file);
        }
        globfree(&found);
    }
    return size;
}

static void stamp(struct v4l2_buffer *buffer) {
    char name[16];
    struct timespec now;
    text_setting("clock", "monotonic", name, sizeof name);
    buffer->flags |= strcmp(name, "monotonic") ? V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN
                                               : V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    clock_gettime(strcmp(name, "realtime") ? CLOCK_MONOTONIC : CLOCK_REALTIME, &now);
    buffer->timestamp.tv_sec = strcmp(name, "zero") ? now.tv_sec : 0;
    buffer->timestamp.tv_usec = strcmp(name, "zero") ? now.tv_nsec / 1000 : 0;
}

static bool each(const char *name, int frames) {
    int every = setting(name, 0);
    return every && frames % every == every - 1;
}

void fill(struct v4l2_buffer *buffer, unsigned char *out, int frames) {
    size_t size = shape.sizeimage;
    if (shape.pixelformat == V4L2_PIX_FMT_MJPEG)
        size = jpeg(frames, out, buffer->length);
    else
        memset(out, frames * 8 % 200 + 28, size); /* grey, a little of a colour */
    if (each("broken_every", frames))
        memset(out, 0x55, size);
    if (each("cut_every", frames))
        size = size * 2 / 3;
    buffer->bytesused = size;
    buffer->sequence = frames;
    buffer->flags = V4L2_BUF_FLAG_MAPPED | V4L2_BUF_FLAG_DONE;
    stamp(buffer);
}
