"""A server's TLS: its certificate, 1.2 or newer, read again when it is renewed.

Leaves to others: who issues it, and whether clients believe it.
"""

import logging
import ssl
from pathlib import Path

from likeness.edges import credentials, key_files
from likeness.errors import ConfigError

log = logging.getLogger(__name__)


class DeskTls:
    """Gives the context for the next connection."""

    def __init__(self, cert_file: str, key_file: str, *, name: str = "desk") -> None:
        """Read both; `name` is what the configuration calls what is served.

        Raises:
            ConfigError: with the option and the file that cannot be used.
        """
        self._name = name
        self._cert_file = Path(cert_file)
        self._key_file = credentials.path_of(key_file)
        self._seen = self._signature()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """Return the present one; a renewed pair that does not fit is only told of."""
        if (seen := self._signature()) != self._seen:
            self._seen = seen
            try:
                self._context = self._load()
                log.info("event=%s_certificate_renewed", self._name)
            except ConfigError as fault:
                told = "event=%s_certificate_bad why=%r"
                log.error(told, self._name, str(fault))  # noqa: TRY400
        return self._context

    def _load(self) -> ssl.SSLContext:
        key_files.read_secret(self._key_file, f"{self._name}.key_file")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            # A password would be asked for at a terminal that nobody sits at.
            context.load_cert_chain(self._cert_file, self._key_file, password="")
        except OSError as problem:  # ssl.SSLError is one
            raise ConfigError(
                f"{self._name}.cert_file '{self._cert_file}' with {self._name}.key_file"
                f" '{self._key_file}' cannot be used: {problem.strerror or problem};"
                " give a PEM certificate and its own unencrypted key"
            ) from problem
        return context

    def _signature(self) -> tuple[int, ...]:
        signs = []
        for path in (self._cert_file, self._key_file):
            try:
                found = path.stat()
                signs += [found.st_mtime_ns, found.st_ino]
            except OSError:
                signs.append(0)
        return tuple(signs)
