"""OpenCV without its own and FFmpeg's chatter: our one line says what is wrong.

Edges that open videos or cameras import it from here; pictures need no silence.
"""

import os

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # AV_LOG_QUIET

import cv2 as cv2  # noqa: PLC0414 - for users

cv2.setLogLevel(0)  # silent
