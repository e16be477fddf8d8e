"""The visitor's screen as it is shipped: its unit, and what its chromium may do."""

import asyncio
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from broker import free_port
from browser.chromium import BrowserFault, Chromium
from likeness import config
from stories import story

POLICIES = """(() => {
  const rows = [];
  const walk = root => { for (const one of root.querySelectorAll("*")) {
    if (one.tagName === "POLICY-ROW") rows.push(one.shadowRoot.textContent);
    if (one.shadowRoot) walk(one.shadowRoot);
  }};
  walk(document);
  return rows.map(row => row.trim().split(/\\s+/).join(" "));
})()"""
# In a mount namespace of its own, so that no other chromium here obeys.
GOVERNED = (
    'mount -t tmpfs none /etc/chromium && mkdir -p /etc/chromium/policies/managed \
&& cp "$0" /etc/chromium/policies/managed/ && exec "$@"'
)


@pytest.fixture
def kiosk(root: Path) -> Path:
    return root / "systemd" / "kiosk"


def unit_text(kiosk: Path) -> str:
    return (kiosk / "likeness-screen.service").read_text()


def namespace() -> list[str]:
    return ["unshare", "-m" if os.geteuid() == 0 else "-rm"]


def can_govern() -> bool:
    trial = [*namespace(), "mount", "-t", "tmpfs", "none", "/etc/chromium"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


def test_systemd_understands_every_line(kiosk: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is missing: apt-get install systemd")
    unit = tmp_path / "likeness-screen.service"
    # Neither need be installed where the unit is looked at.
    text = re.sub(r"/usr/bin/(cage|chromium)", "/usr/bin/env", unit_text(kiosk))
    unit.write_text(text)
    assert verified(unit) == ""
    unit.write_text(text.replace("IPAddressDeny=", "IPAddressDenied="))
    assert "IPAddressDenied" in verified(unit)


def verified(unit: Path) -> str:
    done = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_it_shows_the_page_and_reaches_nothing_else(kiosk: Path) -> None:
    text = unit_text(kiosk)
    page = f"http://127.0.0.1:{config.Screen().port}/"
    command = text[text.index("ExecStart=") : text.index("Restart=")]
    assert command.rstrip().endswith(page)
    assert re.findall(r"https?://\S*", command) == [page]
    profile = re.search(r"--user-data-dir=(\S+)", command)
    assert profile is not None
    assert profile[1].startswith("/run/likeness-screen/")
    for line in ("IPAddressDeny=any", "IPAddressAllow=localhost"):
        assert line in text.splitlines()
    policy = json.loads((kiosk / "likeness-policy.json").read_text())
    assert policy["URLBlocklist"] == ["*"]
    assert policy["URLAllowlist"] == [f"127.0.0.1:{config.Screen().port}"]


@pytest.mark.browser
@story
async def test_chromium_knows_each_policy_and_opens_the_page_alone(
    kiosk: Path, tmp_path: Path
) -> None:
    if not can_govern():
        pytest.skip("no mount namespace can be had here")
    policy = json.loads((kiosk / "likeness-policy.json").read_text())
    # With these two nobody could look: the driver itself would be shut out.
    del policy["RemoteDebuggingAllowed"], policy["DeveloperToolsAvailability"]
    ports = free_port(), free_port()
    policy["URLAllowlist"] = [f"127.0.0.1:{ports[0]}"]
    file = tmp_path / "likeness.json"
    file.write_text(json.dumps(policy))
    servers = [await asyncio.start_server(_page, "127.0.0.1", port) for port in ports]
    async with Chromium([*namespace(), "sh", "-c", GOVERNED, str(file)]) as browser:
        page = await browser.open("chrome://policy")
        rows = await page.wait_for(f"{POLICIES}.length > 20 && {POLICIES}")
        said = {row.split()[0]: row for row in rows}
        for name in policy:
            assert " Mandatory OK " in said[name], said[name]
        await page.go(f"http://127.0.0.1:{ports[0]}/")
        for other in (f"http://127.0.0.1:{ports[1]}/", "file:///etc/passwd"):
            with pytest.raises(BrowserFault, match="ERR_BLOCKED_BY_ADMINISTRATOR"):
                await page.go(other)
    for server in servers:
        server.close()


async def _page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
    await writer.drain()
    writer.close()
