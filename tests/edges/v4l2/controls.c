/* Exposure and white balance: on their own, or as a program has set them. */
#include "device.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <stdio.h>

enum { BY_HAND = 1, DIM_FPS = 10, WANDERS = 50 };

static struct {
    __u32 id;
    const char *name;
    int low, high, usual, value;
} controls[] = {
    {V4L2_CID_EXPOSURE_AUTO, "auto_exposure", 0, 3, 3, 3},
    {V4L2_CID_EXPOSURE_ABSOLUTE, "exposure_time_absolute", 1, 10000, 156, 156},
    {V4L2_CID_EXPOSURE_AUTO_PRIORITY, "exposure_dynamic_framerate", 0, 1, 1, 1},
    {V4L2_CID_AUTO_WHITE_BALANCE, "white_balance_automatic", 0, 1, 1, 1},
    {V4L2_CID_WHITE_BALANCE_TEMPERATURE, "white_balance_temperature", 2800, 6500, 4600,
     4600},
};
enum { AUTO_EXPOSURE, EXPOSURE, DYNAMIC, AUTO_BALANCE, BALANCE, CONTROLS };

static int find(__u32 id) {
    for (int one = 0; one < CONTROLS; one++)
        if (controls[one].id == id && !setting_lists("without", controls[one].name))
            return one;
    return -1;
}

int query_control(struct v4l2_queryctrl *query) {
    int one = find(query->id);
    if (one < 0)
        return EINVAL;
    query->type = one == AUTO_EXPOSURE ? V4L2_CTRL_TYPE_MENU
                  : controls[one].high == 1 ? V4L2_CTRL_TYPE_BOOLEAN
                                            : V4L2_CTRL_TYPE_INTEGER;
    snprintf((char *)query->name, sizeof query->name, "%s", controls[one].name);
    query->minimum = controls[one].low;
    query->maximum = controls[one].high;
    query->step = 1;
    query->default_value = controls[one].usual;
    query->flags = 0;
    return 0;
}

int get_control(struct v4l2_control *control) {
    int one = find(control->id);
    if (one < 0)
        return EINVAL;
    control->value = controls[one].value;
    return 0;
}

static bool inactive(int one) {
    return (one == EXPOSURE && controls[AUTO_EXPOSURE].value != BY_HAND) ||
           (one == BALANCE && controls[AUTO_BALANCE].value);
}

int set_control(struct v4l2_control *control) {
    int one = find(control->id);
    if (one < 0)
        return EINVAL;
    if (setting_lists("refuses", controls[one].name))
        return EIO; /* as a USB camera does that stalls its control pipe */
    if (inactive(one))
        return EACCES;
    if (control->value < controls[one].low || control->value > controls[one].high)
        return ERANGE;
    controls[one].value = control->value;
    note("control %s=%d", controls[one].name, control->value);
    return 0;
}

/* In dim light a camera exposes for longer than a frame, if it may. */
int frames_per_second(int asked) {
    bool longer = setting("dim", 0) && controls[DYNAMIC].value &&
                  controls[AUTO_EXPOSURE].value != BY_HAND;
    return setting("fps", longer ? DIM_FPS : asked);
}

/* A frame is taken: what is automatic wanders. */
void expose(void) {
    if (controls[AUTO_EXPOSURE].value != BY_HAND)
        controls[EXPOSURE].value = 156 + (controls[EXPOSURE].value + 1) % WANDERS;
}
