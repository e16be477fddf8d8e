"""Sizes, colours, formats, controls: what libcamera's calls take and give.

Names and meanings are those of libcamera's documentation (api: geometry.h, transform.h,
color_space.h, control_ids_core.yaml); only what picamera2 touches is here.
"""

from dataclasses import dataclass
from enum import Enum, IntEnum
from types import SimpleNamespace
from typing import Any


@dataclass(order=True, unsafe_hash=True)
class Size:
    """Width and height in pixels."""

    width: int = 0
    height: int = 0


@dataclass(unsafe_hash=True)
class Rectangle:
    """Place and size."""

    x: int = 0
    y: int = 0
    width: int = 0
    height: int = 0


class Transform:
    """Flips; rotation is what they come to."""

    def __init__(
        self,
        other: "Transform | int" = 0,
        *,
        hflip: bool = False,
        vflip: bool = False,
        transpose: bool = False,
    ) -> None:
        given = other if isinstance(other, Transform) else None
        self.hflip: bool = given.hflip if given else bool(hflip)
        self.vflip: bool = given.vflip if given else bool(vflip)
        self.transpose: bool = given.transpose if given else bool(transpose)

    def __str__(self) -> str:
        return f"<libcamera.Transform '{self.hflip}{self.vflip}{self.transpose}'>"


class ColorSpace:
    """Primaries, transfer function, encoding, range."""

    Primaries = Enum("Primaries", ["Raw", "Smpte170m", "Rec709", "Rec2020"])
    TransferFunction = Enum("TransferFunction", ["Linear", "Srgb", "Rec709"])
    YcbcrEncoding = Enum("YcbcrEncoding", ["Null", "Rec601", "Rec709", "Rec2020"])
    Range = Enum("Range", ["Full", "Limited"])

    def __init__(self, *given: Any) -> None:
        if len(given) == 1:
            one = given[0]
            given = (one.primaries, one.transferFunction, one.ycbcrEncoding, one.range)
        self.primaries, self.transferFunction, self.ycbcrEncoding, self.range = given

    @classmethod
    def _of(cls, *names: str) -> "ColorSpace":
        kinds: tuple[Any, ...] = (
            cls.Primaries,
            cls.TransferFunction,
            cls.YcbcrEncoding,
            cls.Range,
        )
        return cls(*(kind[name] for kind, name in zip(kinds, names, strict=True)))

    @classmethod
    def Raw(cls) -> "ColorSpace":  # noqa: N802 - libcamera's name
        return cls._of("Raw", "Linear", "Null", "Full")

    @classmethod
    def Sycc(cls) -> "ColorSpace":  # noqa: N802 - libcamera's name
        return cls._of("Rec709", "Srgb", "Rec601", "Full")

    @classmethod
    def Smpte170m(cls) -> "ColorSpace":  # noqa: N802 - libcamera's name
        return cls._of("Smpte170m", "Rec709", "Rec601", "Limited")

    @classmethod
    def Rec709(cls) -> "ColorSpace":  # noqa: N802 - libcamera's name
        return cls._of("Rec709", "Rec709", "Rec709", "Limited")

    def __str__(self) -> str:
        return f"<libcamera.ColorSpace '{self.primaries}'>"


class PixelFormat:
    """A format by its name, e.g. RGB888: in memory blue, green, red."""

    def __init__(self, name: str = "") -> None:
        self._name = name

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self._name)

    def __str__(self) -> str:
        return self._name


Orientation = Enum(
    "Orientation",
    "Rotate0 Rotate90 Rotate180 Rotate270"
    " Rotate0Mirror Rotate90Mirror Rotate180Mirror Rotate270Mirror",
)
StreamRole = Enum("StreamRole", ["Raw", "StillCapture", "VideoRecording", "Viewfinder"])
ControlType = Enum(
    "ControlType",
    ["Null", "Bool", "Byte", "Integer32", "Integer64", "Float", "Rectangle", "Size"],
)


class ControlId:
    """One control or property; there is one object of each."""

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.type = ControlType[kind]

    def __repr__(self) -> str:
        return f"libcamera.ControlId({self.name})"


@dataclass(frozen=True)
class ControlInfo:
    """What a camera lets one set."""

    min: Any
    max: Any
    default: Any


class _NoiseReductionModeEnum(IntEnum):
    Off = 0
    Fast = 1
    HighQuality = 2
    Minimal = 3


class _ColorFilterArrangementEnum(IntEnum):
    RGGB = 0
    MONO = 4


controls = SimpleNamespace(
    AeEnable=ControlId("AeEnable", "Bool"),
    AwbEnable=ControlId("AwbEnable", "Bool"),
    ExposureTime=ControlId("ExposureTime", "Integer32"),
    ExposureTimeMode=ControlId("ExposureTimeMode", "Integer32"),
    AnalogueGain=ControlId("AnalogueGain", "Float"),
    AnalogueGainMode=ControlId("AnalogueGainMode", "Integer32"),
    ColourGains=ControlId("ColourGains", "Float"),
    FrameDuration=ControlId("FrameDuration", "Integer64"),
    FrameDurationLimits=ControlId("FrameDurationLimits", "Integer64"),
    SensorTimestamp=ControlId("SensorTimestamp", "Integer64"),
    ScalerCrop=ControlId("ScalerCrop", "Rectangle"),
    draft=SimpleNamespace(
        NoiseReductionMode=ControlId("NoiseReductionMode", "Integer32"),
        NoiseReductionModeEnum=_NoiseReductionModeEnum,
    ),
)
properties = SimpleNamespace(
    Model=ControlId("Model", "Null"),
    Location=ControlId("Location", "Integer32"),
    Rotation=ControlId("Rotation", "Integer32"),
    draft=SimpleNamespace(
        ColorFilterArrangement=ControlId("ColorFilterArrangement", "Integer32"),
        ColorFilterArrangementEnum=_ColorFilterArrangementEnum,
    ),
)
