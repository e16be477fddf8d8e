"""OpenCV without its own and FFmpeg's chatter: our one line says what is wrong.

Edges that open videos or cameras import it from here; pictures need no silence.
"""

import os

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET
# Seconds of a camera's silence after which it gives up waiting: 10 if not told. The
# first camera of a process reads it.
os.environ["OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"] = "1"

import cv2 as cv2  # noqa: PLC0414 - for users

# OpenCV 5 (Python 3.12 and newer) has it in a module of its own.
getattr(cv2.utils, "logging", cv2).setLogLevel(0)  # silent
