/* A camera behind V4L2 calls, without hardware: what the calls of a program find.
 *
 * Follows the kernel's documentation (userspace-api/media/v4l), not any driver. Settings
 * are lines "name=value" of the file V4L2_STANDIN_SETTINGS, read anew at each use, so
 * that a test can pull the cable while frames run. What a program asked is written to
 * V4L2_STANDIN_LOG, a line each. Pictures are the files *.jpg of V4L2_STANDIN_FRAMES.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* settings.c */
int setting(const char *name, int otherwise);
void text_setting(const char *name, const char *otherwise, char *out, size_t size);
bool setting_lists(const char *name, const char *word);
void note(const char *format, ...);

/* controls.c: all with the device locked; they return 0 or an errno */
struct v4l2_control;
struct v4l2_queryctrl;
int query_control(struct v4l2_queryctrl *query);
int get_control(struct v4l2_control *control);
int set_control(struct v4l2_control *control);
int frames_per_second(int asked);
void expose(void);

/* picture.c: all with the device locked; they return 0 or an errno */
struct v4l2_buffer;
struct v4l2_capability;
struct v4l2_fmtdesc;
struct v4l2_format;
struct v4l2_pix_format;
struct v4l2_streamparm;
extern struct v4l2_pix_format shape;
extern int rate;
void fit(struct v4l2_pix_format *wished);
int name_itself(struct v4l2_capability *told);
int name_format(struct v4l2_fmtdesc *asked);
int set_format(struct v4l2_format *wished);
int tell_rate(struct v4l2_streamparm *parameters);
int set_rate(struct v4l2_streamparm *parameters);
void fill(struct v4l2_buffer *buffer, unsigned char *out, int frames);

/* device.c: as the system calls, with errno */
int device_open(int flags);
bool device_owns(int fd);
int device_ioctl(int fd, unsigned long request, void *argument);
void *device_map(size_t length, int protection, int flags, int fd, off_t offset);
void device_close(int fd);

#endif
