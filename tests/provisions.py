"""A terminal before and after it was provisioned, with a real authority beside it."""

from dataclasses import dataclass
from pathlib import Path

from likeness import config, provisioning
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.simulators.authority import BEGIN, Authority, Kind

DEVICE = "shop-7"
NOW = BEGIN.replace(year=2026, month=11)


@dataclass
class Site:
    """The folders of both sides."""

    settings: config.Config
    out: Path
    authority: Authority
    carrier_keys: Path

    def answer(self, **more: object) -> Path:
        """Let the authority answer the request; return the certificate's file."""
        request = (self.out / f"{DEVICE}.csr").read_bytes()
        pem = self.authority.issue(request, Kind.DEVICE, **more)  # type: ignore[arg-type]
        path = self.out / "answer.pem"
        path.write_bytes(pem)
        return path

    def install(
        self, cert: Path, *, issuer: Path | None = None, broker_ca: Path | None = None
    ) -> list[str]:
        """Install a certificate with all that belongs to it."""
        return provisioning.install(
            self.settings,
            cert=cert,
            issuer=issuer or self.authority.ca(Kind.DEVICE),
            broker_ca=broker_ca or self.authority.servers,
            carrier_keys=self.carrier_keys,
            now=NOW,
        )


def site(
    folder: Path, *, device_key: str = "", port: int = 8883, reader: str = "reader"
) -> Site:
    """Make a terminal's configuration, an authority, and a carrier's keys."""
    pki = folder / "pki"
    carrier = bench_keys.make(folder / "carrier", DEVICE, (Environment.TEST,))
    settings = config.Config(
        terminal=config.Terminal(
            device=DEVICE,
            state_dir=str(folder / "state"),
            environment=Environment.TEST,
            profile="demo",
        ),
        reader=config.Reader(path=str(folder / reader)),
        keys=config.Keys(
            device_key=device_key or str(pki / "device.key"),
            carrier_receipt_key=str(pki / "carrier-receipt.jwk"),
            carrier_visit_key=str(pki / "carrier-visit.jwk"),
            carrier_person_key=str(pki / "carrier-person.jwk"),
            carrier_command_key=str(pki / "carrier-command.jwk"),
        ),
        mqtt=config.Mqtt(
            host="localhost",
            port=port,
            ca_file=str(pki / "broker-ca.pem"),
            cert_file=str(pki / "tls.pem"),
            key_file=str(pki / "tls.key"),
        ),
    )
    authority = Authority(folder / "authority")
    return Site(settings, folder / "out", authority, carrier.terminal)
