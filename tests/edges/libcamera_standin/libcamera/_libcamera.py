"""Cameras, requests, buffers: the calls of libcamera's Python API over our sensor.

Follows src/py/libcamera (py_main.cpp, py_camera_manager.cpp) in what raises what: every
failure is a RuntimeError there. One manager lives as long as somebody holds it, so
cameras are looked for anew by whoever lets go of it first. This is a stand-in: the
pipelines of the Pi, their timing and their faults are not here.
"""

import os
import threading
import weakref
from enum import Enum
from types import SimpleNamespace
from typing import Any

from . import _sensor
from ._sensor import Sensor, switches
from ._values import (
    ColorSpace,
    ControlId,
    ControlInfo,
    ControlType,
    Orientation,
    PixelFormat,
    Rectangle,
    Size,
    StreamRole,
    Transform,
    controls,
    properties,
)

RAW = "SRGGB10_CSI2P"
RAW_SIZES = (Size(1536, 864), Size(2304, 1296), Size(4608, 2592))
BYTES_PER_PIXEL = {"RGB888": 3, "BGR888": 3, "XBGR8888": 4, "YUV420": 1, RAW: 1.25}
ALIGN = 64


class FrameMetadata:
    Status = Enum("Status", ["Success", "Error", "Cancelled"])

    def __init__(self) -> None:
        self.status = FrameMetadata.Status.Success
        self.planes: list[Any] = []


class FrameBuffer:
    class Plane:
        def __init__(self, fd: int = -1, offset: int = 0, length: int = 0) -> None:
            self._fd, self.offset, self.length = fd, offset, length

        @property
        def fd(self) -> int:
            return self._fd

        @fd.setter
        def fd(self, fd: int) -> None:
            self._fd = os.dup(fd)  # SharedFD(int) makes a copy
            weakref.finalize(self, os.close, self._fd)

    def __init__(self, planes: list[Any], cookie: int = 0) -> None:
        self.planes = planes
        self.cookie = cookie
        self.metadata = FrameMetadata()


class Request:
    Status = Enum("Status", ["Pending", "Complete", "Cancelled"])

    def __init__(self, camera: "Camera", cookie: int) -> None:
        self._camera = camera
        self.cookie = cookie
        self.buffers: dict[Any, FrameBuffer] = {}
        self.status = Request.Status.Pending
        self.metadata: dict[ControlId, Any] = {}
        self._controls: dict[ControlId, Any] = {}

    def add_buffer(self, stream: Any, buffer: FrameBuffer) -> None:
        self.buffers[stream] = buffer

    def set_control(self, control: ControlId, value: Any) -> None:
        self._controls[control] = value

    def reuse(self) -> None:
        self.status = Request.Status.Pending
        self._controls = {}

    def wanted(self) -> dict[str, Any]:
        return {control.name: value for control, value in self._controls.items()}


class Stream:
    def __init__(self) -> None:
        self.configuration: Any = None

    def draw(self, fd: int, level: float) -> None:
        given = self.configuration
        size = (given.size.width, given.size.height)
        _sensor.draw(fd, str(given.pixel_format), size, given.stride, level)


class StreamConfiguration:
    def __init__(self, role: Any) -> None:
        raw = role is StreamRole.Raw
        self.stream = Stream()
        self.stream.configuration = self
        self.size = RAW_SIZES[-1] if raw else Size(1280, 720)
        self.pixel_format = PixelFormat(RAW if raw else "XBGR8888")
        self.stride = self.frame_size = 0
        self.buffer_count = 4
        self.color_space: Any = ColorSpace.Sycc()
        self.formats = SimpleNamespace(
            pixel_formats=[PixelFormat(RAW)], sizes=lambda _format: list(RAW_SIZES)
        )

    def validate(self) -> bool:
        per_pixel = BYTES_PER_PIXEL.get(str(self.pixel_format))
        if per_pixel is None:
            return False
        row = -(-int(self.size.width * per_pixel) // ALIGN) * ALIGN
        self.stride = row + switches.padding
        halves = 3 if str(self.pixel_format) == "YUV420" else 2
        self.frame_size = self.stride * self.size.height * halves // 2
        return True


class SensorConfiguration:
    def __init__(self) -> None:
        self.bit_depth = 0
        self.output_size = Size()


class CameraConfiguration:
    Status = Enum("Status", ["Valid", "Adjusted", "Invalid"])

    def __init__(self, roles: list[Any]) -> None:
        self._streams = [StreamConfiguration(role) for role in roles]
        self.orientation = Orientation["Rotate0"]
        self.sensor_config: SensorConfiguration | None = None

    def __iter__(self) -> Any:
        return iter(self._streams)

    def __len__(self) -> int:
        return len(self._streams)

    def at(self, index: int) -> StreamConfiguration:
        return self._streams[index]

    def validate(self) -> Any:
        good = all([one.validate() for one in self._streams])
        return CameraConfiguration.Status["Valid" if good else "Invalid"]


class Camera:
    def __init__(self, manager: "CameraManager") -> None:
        self._manager = manager
        self.id = switches.camera_id
        self._sensor = Sensor()
        self._acquired = self._running = False
        draft = properties.draft
        self.properties = {
            properties.Model: switches.model,
            properties.Location: 2,
            properties.Rotation: 180,
            draft.ColorFilterArrangement: draft.ColorFilterArrangementEnum.RGGB,
        }
        c = controls
        given = {
            c.AeEnable: ControlInfo(False, True, True),
            c.AwbEnable: ControlInfo(False, True, True),
            c.ExposureTime: ControlInfo(26, 112_015_443, 20_000),
            c.AnalogueGain: ControlInfo(1.12, 16.0, 1.12),
            c.ColourGains: ControlInfo(0.0, 32.0, 0.0),
            c.FrameDurationLimits: ControlInfo(8333, 112_015_443, 33_333),
            c.draft.NoiseReductionMode: ControlInfo(0, 4, 0),
        }
        self.controls = {
            control: info
            for control, info in given.items()
            if control.name not in switches.without
        }

    def acquire(self) -> None:
        if switches.busy:
            raise RuntimeError("Failed to acquire camera: Device or resource busy")
        self._acquired = True

    def release(self) -> None:
        self._acquired = False

    def generate_configuration(self, roles: list[Any]) -> CameraConfiguration:
        return CameraConfiguration(roles)

    def configure(self, configuration: CameraConfiguration) -> None:
        if self._running:
            raise RuntimeError("Failed to configure camera: Permission denied")
        switches.configured.append(
            [(str(one.pixel_format), one.size) for one in configuration]
        )

    def create_request(self, cookie: int = 0) -> Request:
        return Request(self, cookie)

    def start(self, given: dict[ControlId, Any] | None = None) -> None:
        if switches.cable_off:
            raise RuntimeError("Failed to start camera: Remote I/O error")
        self._running = True
        switches.starts += 1
        named = {control.name: value for control, value in (given or {}).items()}
        self._sensor.start(named, self._complete)

    def stop(self) -> None:
        self._sensor.stop()
        self._running = False
        while self._sensor.queue:
            self._complete(self._sensor.queue.popleft(), None)

    def queue_request(self, request: Request) -> None:
        if not self._running:
            raise RuntimeError("Failed to queue request: Permission denied")
        self._sensor.queue.append(request)

    def _complete(self, request: Request, told: dict[str, Any] | None) -> None:
        request.status = Request.Status["Complete" if told else "Cancelled"]
        request.metadata = {
            getattr(controls, name): value for name, value in (told or {}).items()
        }
        self._manager.completed(request)


class CameraManager:
    version = "stand-in"

    def __init__(self) -> None:
        self.event_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        weakref.finalize(self, os.close, self.event_fd)
        self._lock = threading.Lock()
        self._done: list[Request] = []
        self._there = switches.there
        self._camera: weakref.ref[Camera] | None = None

    @property
    def cameras(self) -> "list[Camera]":
        """Each keeps us alive, and not the other way round."""
        camera = self._camera() if self._camera else None
        if camera is None and self._there:
            camera = Camera(self)
            self._camera = weakref.ref(camera)
        return [camera] if camera else []

    @staticmethod
    def singleton() -> "CameraManager":
        global _manager  # noqa: PLW0603 - as libcamera keeps it
        manager = _manager() if _manager else None
        if manager is None:
            manager = CameraManager()
            _manager = weakref.ref(manager)
        return manager

    def get(self, camera_id: str) -> Camera:
        return next(one for one in self.cameras if one.id == camera_id)

    def get_ready_requests(self) -> list[Request]:
        try:
            os.eventfd_read(self.event_fd)
        except BlockingIOError:
            return []
        with self._lock:
            done, self._done = self._done, []
        return done

    def completed(self, request: Request) -> None:
        with self._lock:
            self._done.append(request)
        os.eventfd_write(self.event_fd, 1)


_manager: "weakref.ref[CameraManager] | None" = None

__all__ = [
    "Camera",
    "CameraConfiguration",
    "CameraManager",
    "ColorSpace",
    "ControlId",
    "ControlInfo",
    "ControlType",
    "FrameBuffer",
    "FrameMetadata",
    "Orientation",
    "PixelFormat",
    "Rectangle",
    "Request",
    "SensorConfiguration",
    "Size",
    "Stream",
    "StreamConfiguration",
    "StreamRole",
    "Transform",
    "controls",
    "properties",
]
