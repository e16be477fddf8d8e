"""Bulk pipes of a USB device through pyusb, which is an extra: likeness[usb].

UNTESTED ON HARDWARE. Errors are OSError, and TimeoutError where nothing came in time.
Leaves to others: which pipe carries what.
"""

import importlib.util
from typing import Any, Protocol

from likeness.errors import DeviceLost, DeviceRefused


class Pipes(Protocol):
    """An opened device."""

    def write(self, pipe: int, data: bytes, timeout_ms: int) -> None:
        """Send all bytes; raise OSError if the device does not take them."""
        ...

    def read(self, pipe: int, size: int, timeout_ms: int) -> bytes:
        """Return what came, at most `size` bytes; raise TimeoutError if nothing did."""
        ...

    def close(self) -> None:
        """Let go of the device."""
        ...


def open_pipes(usb_id: str) -> Pipes:
    """Open the first device of a vendor and product, e.g. "0400:c35a".

    Raises:
        DeviceRefused: it is there, but not for us, or pyusb is not installed.
        DeviceLost: it is not there.
    """
    if importlib.util.find_spec("usb") is None:
        raise DeviceRefused(
            "reader.variant 'usb' needs pyusb and libusb: pip install 'likeness[usb]',"
            " apt install libusb-1.0-0"
        )
    import usb.core  # noqa: PLC0415 - an extra

    vendor, product = (int(part, 16) for part in usb_id.split(":"))
    try:
        device = usb.core.find(idVendor=vendor, idProduct=product)
        if device is None:
            raise DeviceLost(
                f"usb {usb_id}: no such card reader; plug it in, or set reader.usb to"
                " what lsusb prints for it"
            )
        device.set_configuration()
    except usb.core.NoBackendError as problem:
        raise DeviceRefused(
            f"usb {usb_id}: no USB library; apt install libusb-1.0-0"
        ) from problem
    except usb.core.USBError as problem:
        raise DeviceRefused(
            f"usb {usb_id}: cannot be opened: {problem.strerror}; see that our udev"
            " rule is installed and that no other program uses the reader"
        ) from problem
    return _UsbPipes(device)


class _UsbPipes:
    """Any: pyusb has no types."""

    def __init__(self, device: Any) -> None:
        self._device = device

    def write(self, pipe: int, data: bytes, timeout_ms: int) -> None:
        self._device.write(pipe, data, timeout_ms)

    def read(self, pipe: int, size: int, timeout_ms: int) -> bytes:
        from usb.core import USBTimeoutError  # noqa: PLC0415 - an extra

        try:
            return bytes(self._device.read(pipe, size, timeout_ms))
        except USBTimeoutError as problem:
            raise TimeoutError from problem

    def close(self) -> None:
        from usb.util import dispose_resources  # noqa: PLC0415 - an extra

        dispose_resources(self._device)
