"""A real PostgreSQL of one's own: Debian's, on a free port, with a database per test.

Its server refuses to run for root; started by root it becomes the user that Debian's
package brings. Nothing of a server that runs on this machine is touched.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from broker import free_port

MORE = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
fsync = on
synchronous_commit = on
shared_buffers = 256MB
max_connections = 50
"""


def find() -> Path | None:
    """Return the folder of its programs; Debian keeps them off everybody's path."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


class Postgres:
    """One cluster; durable as in the field, and killed, if asked, without mercy."""

    def __init__(self) -> None:
        programs = find()
        assert programs is not None, "PostgreSQL is missing"
        self._programs = programs
        self._user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.getuid())[0]
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._data = self._folder / "data"
        self.port = free_port()
        self._count = 0
        if os.geteuid() == 0:
            shutil.chown(self._folder, self._user)
        self._run(
            "initdb", *("-D", str(self._data), "-U", "carrier", "--auth=trust"),
            *("--encoding=UTF8", "--locale=C"),
        )  # fmt: skip
        with (self._data / "postgresql.conf").open("a") as more:
            more.write(MORE.format(port=self.port, folder=self._folder))

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        log = str(self._folder / "log")
        self._run("pg_ctl", *("-D", str(self._data), "-l", log, "-w", "start"))

    def stop(self, mode: str = "fast") -> None:
        """Stop it; "immediate" is a crash, from which it recovers at its next start."""
        self._run("pg_ctl", *("-D", str(self._data), "-m", mode, "-w", "stop"))

    def remove(self) -> None:
        """Stop it and take its files away."""
        self.stop("immediate")
        shutil.rmtree(self._folder)

    @property
    def pid(self) -> int:
        """The server's first process."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def database(self, *, like: str = "template1") -> str:
        """Make a database, empty or as another one is, by its name; return its address.

        The other one must be in nobody's use meanwhile.
        """
        self._count += 1
        name = f"likeness_{self._count}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        return self.url(name)

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://carrier@127.0.0.1:{self.port}/{name}"

    def _run(self, program: str, *given: str) -> None:
        # pg_ctl starts the server, which must not hold our pipes: its words go nowhere.
        subprocess.run(
            [str(self._programs / program), *given],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            user=self._user if os.geteuid() == 0 else None,
            group=self._user if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
            umask=0o077,
        )
