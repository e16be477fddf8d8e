"""Makes the configured camera, and says of it what needs no opening.

Leaves to others: the cameras themselves (`edges`), who takes frames.
"""

import logging
from pathlib import Path
from typing import Literal

from likeness import config
from likeness.core.camera_identity import UsbCamera
from likeness.core.vocabulary import Environment
from likeness.edges import camera_identity
from likeness.edges.camera import SlotCamera
from likeness.errors import ConfigError

log = logging.getLogger(__name__)


def camera_of(
    settings: config.Camera, environment: Environment = Environment.PRODUCTION
) -> SlotCamera:
    """Return the configured camera; it is opened by its first visit.

    Raises:
        ConfigError: what plays a recording is no camera in production, whatever was
            checked before.
    """
    is_production = environment is Environment.PRODUCTION
    if is_production and settings.source == "feed":
        raise ConfigError(
            "camera.source 'feed' is for test and bench; with terminal.environment"
            " 'production' use 'usb' or 'picamera2'"
        )
    match settings.source:
        case "feed":
            from likeness.edges.recorded import LiveFeed

            return LiveFeed(
                Path(settings.path),
                fps=settings.fps,
                start_s=settings.start_s,
                loop=settings.loop,
            )
        case "usb":
            from likeness.edges.camera_usb import usb_camera
            from likeness.edges.v4l2_opening import UsbWanted

            return usb_camera(
                UsbWanted(
                    path=settings.path,
                    width_px=settings.width_px,
                    height_px=settings.height_px,
                    fps=settings.fps,
                    identity=settings.identity,
                    strict=is_production,
                )
            )
        case "picamera2":
            from likeness.edges.camera_pi import pi_camera

            return pi_camera(
                settings.width_px,
                settings.height_px,
                settings.fps,
                strict=is_production,
            )


def camera_presence(settings: config.Camera) -> Literal["found", "missing", "unknown"]:
    """Say whether something stands at the camera's path; nothing is opened."""
    if settings.source == "picamera2":
        return "unknown"  # it has no path, and to ask for it is to open it
    try:
        Path(settings.path).stat()
    except (OSError, ValueError):
        return "missing"
    return "found"


def camera_model(settings: config.Camera) -> str | None:
    """Say which model of camera it is, so that the carrier sees a change.

    Of USB cameras only: to ask the Pi's own is to open it.
    """
    found = _found(settings)
    return found.model if found else None


def camera_named(settings: config.Camera) -> str:
    """Say which USB camera is there, as camera.identity may demand it; "": unknown."""
    found = _found(settings)
    return found.identity if found else ""


def _found(settings: config.Camera) -> UsbCamera | None:
    return camera_identity.found(settings.path) if settings.source == "usb" else None


def camera_at_start(
    settings: config.Camera, environment: Environment = Environment.PRODUCTION
) -> SlotCamera:
    """Return the configured camera; one that is missing is told before a visitor."""
    if camera_presence(settings) == "missing":
        log.warning(
            "event=camera_missing path=%r what_to_do=%r",
            settings.path,
            "see its cable, or correct camera.path; the next visit tries it again",
        )
    return camera_of(settings, environment)
