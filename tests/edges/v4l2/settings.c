/* What a test has set, read anew at each use, and what it can read afterwards. */
#include "device.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_setting(const char *name, const char *otherwise, char *out, size_t size) {
    snprintf(out, size, "%s", otherwise);
    const char *path = getenv("V4L2_STANDIN_SETTINGS");
    FILE *file = path ? fopen(path, "re") : NULL;
    if (!file)
        return;
    char line[256];
    size_t length = strlen(name);
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, name, length) && line[length] == '=') {
            line[strcspn(line, "\n")] = 0;
            snprintf(out, size, "%s", line + length + 1);
        }
    fclose(file);
}

int setting(const char *name, int otherwise) {
    char value[32];
    text_setting(name, "", value, sizeof value);
    return value[0] ? atoi(value) : otherwise;
}

bool setting_lists(const char *name, const char *word) {
    char words[256], *rest = words;
    text_setting(name, "", words, sizeof words);
    for (char *one; (one = strsep(&rest, " "));)
        if (!strcmp(one, word))
            return true;
    return false;
}

void note(const char *format, ...) {
    const char *path = getenv("V4L2_STANDIN_LOG");
    FILE *file = path ? fopen(path, "ae") : NULL;
    if (!file)
        return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(file, format, arguments);
    va_end(arguments);
    fputc('\n', file);
    fclose(file);
}
