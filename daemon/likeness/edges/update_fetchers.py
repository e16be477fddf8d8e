"""How the files of an update come here: from a folder, or over HTTPS with our own CA.

Both give bytes and know nothing of what they mean; who calls bounds the length. Leaves
to others: whether anything is to be believed (`edges.tuf_source`).
"""

import os
import ssl
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import urllib3
from tuf.api import exceptions as tuf_errors
from tuf.ngclient import FetcherInterface

CHUNK = 1 << 16
SILENCE_S = 20.0  # of a server, at most
WHOLE_S = 1800.0  # for one file, at most: nobody may drip us to death
NOT_FOUND = 404


class FolderFetcher(FetcherInterface):
    """Reads regular files below a folder; follows no link to one, waits for nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _fetch(self, url: str) -> Iterator[bytes]:
        parts = unquote(urlsplit(url).path).strip("/").split("/")
        if not self._folder.is_dir():
            raise tuf_errors.DownloadError("there is no such folder")
        if any(part in ("", ".", "..") for part in parts):
            raise tuf_errors.DownloadError(f"{parts} is no path below it")
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            handle = os.open(self._folder.joinpath(*parts), flags)
        except FileNotFoundError as problem:
            name = "/".join(parts)
            raise tuf_errors.DownloadHTTPError(
                f"{name} is missing", NOT_FOUND
            ) from problem
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise tuf_errors.DownloadError(f"{'/'.join(parts)} is no regular file")
        return _chunks(handle)


class HttpsFetcher(FetcherInterface):
    """Reads over HTTPS: one CA, no redirect, no proxy, two time limits."""

    def __init__(
        self, ca_file: str, *, silence_s: float = SILENCE_S, whole_s: float = WHOLE_S
    ) -> None:
        """Trust this CA alone, be it a root or not.

        Raises:
            OSError: its file cannot be read, or holds no certificate.
        """
        self._whole_s = whole_s
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.minimum_version = ssl.TLSVersion.TLSv1_2
        trust.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
        trust.load_verify_locations(ca_file)
        self._pool = urllib3.PoolManager(
            ssl_context=trust,
            timeout=urllib3.Timeout(connect=silence_s, read=silence_s),
            retries=False,
        )

    def _fetch(self, url: str) -> Iterator[bytes]:
        try:
            answer = self._pool.request(
                "GET", url, preload_content=False, redirect=False, decode_content=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise tuf_errors.DownloadError(f"cannot be reached: {problem}") from problem
        if answer.status != 200:  # noqa: PLR2004 - HTTP's "OK"
            answer.close()
            name = urlsplit(url).path.rpartition("/")[2]
            raise tuf_errors.DownloadHTTPError(
                f"{name}: the server answers {answer.status}", answer.status
            )
        return self._body(answer)

    def _body(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        until_s = time.monotonic() + self._whole_s
        try:
            # read1: each piece as it comes, so that a dripping server is noticed.
            while data := answer.read1(CHUNK):
                if time.monotonic() > until_s:
                    raise tuf_errors.SlowRetrievalError(
                        f"the server took more than {self._whole_s:g} s for one file"
                    )
                yield data
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise tuf_errors.DownloadError(f"the line failed: {problem}") from problem
        finally:
            answer.close()


def _chunks(handle: int) -> Iterator[bytes]:
    with os.fdopen(handle, "rb") as file:
        while data := file.read(CHUNK):
            yield data
