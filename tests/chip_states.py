"""A simulated state with one signed chip, shared by the tests of what a chip proves."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from likeness.chip.passive import Passive, authenticate
from likeness.chip.trust_store import TrustStore, load
from likeness.simulators.emrtd_authority import CountryAuthority, DocumentSigner
from likeness.simulators.emrtd_files import ImageForm, group_1, group_2, group_11
from likeness.simulators.emrtd_keys import Scheme
from likeness.simulators.emrtd_signed_data import security_object

TODAY = date(2026, 11, 22)
LINES = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F3204158UTO<<<<<<<<<<<8",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
GROUPS = {
    1: group_1(LINES),
    2: group_2(b"\xff\xd8\xff\xe0pixels", ImageForm.JPEG, (360, 480)),
    11: group_11("Ériksson<<Änna", "", "19740812"),
}


def state(scheme: Scheme = Scheme.ECDSA, digest: str = "sha256") -> CountryAuthority:
    """One CSCA for each scheme and digest."""
    return _state(scheme, digest)


def signer(scheme: Scheme = Scheme.ECDSA, digest: str = "sha256") -> DocumentSigner:
    """Its document signer."""
    return _signer(scheme, digest)


# The cache takes a default and the same value said aloud for two.
@cache
def _state(scheme: Scheme, digest: str) -> CountryAuthority:
    return CountryAuthority("UT", scheme, digest)


@cache
def _signer(scheme: Scheme, digest: str) -> DocumentSigner:
    return _state(scheme, digest).signer(scheme, digest)


def store(*others: tuple[str, bytes]) -> TrustStore:
    """The operator's store, with the first state's CSCA."""
    return load([("csca.cer", state().certificate), *others])


@dataclass(frozen=True, slots=True)
class Chip:
    """The files of a chip, which tests change."""

    files: dict[str, bytes]

    @classmethod
    def signed_by(
        cls,
        one: DocumentSigner,
        groups: dict[int, bytes] = GROUPS,
        digest: str = "sha256",
        version: int = 0,
    ) -> "Chip":
        """Personalise one."""
        sod = security_object(groups, one, digest=digest, version=version)
        files = {f"DG{number}": file for number, file in groups.items()}
        return cls({"SOD": sod, **files})

    def with_file(self, name: str, file: bytes | None) -> "Chip":
        """Replace a file; None: take it away."""
        files = {key: value for key, value in self.files.items() if key != name}
        return replace(self, files=files if file is None else files | {name: file})

    def flipped(self, name: str, at: int) -> "Chip":
        """Change one bit of a file."""
        file = bytearray(self.files[name])
        file[at] ^= 1
        return self.with_file(name, bytes(file))

    def judged(self, trusted: TrustStore | None, today: date = TODAY) -> Passive:
        """Hold passive authentication."""
        return authenticate(self.files, trusted, today)


@cache
def chip() -> Chip:
    """One that is in order."""
    return Chip.signed_by(signer())


def facts(passive: Passive) -> list[str]:
    """Write findings as they stand in a result: "fact" or "fact:why"."""
    return [f"{one.fact}:{one.why}".rstrip(":") for one in passive.findings]


def concerns(passive: Passive) -> list[str]:
    """Name what speaks against the card, or leaves it in doubt."""
    return [one.concern for one in passive.findings if one.concern is not None]
