"""A stand-in for libcamera's Python module, without a camera; see _libcamera.py."""

from ._libcamera import *  # noqa: F403 - as the real one does
