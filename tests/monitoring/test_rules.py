"""The alert rules as Prometheus' own tool judges them; each has a test here."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "systemd" / "monitoring"
RULES = SHIPPED / "likeness.rules.yml"
TESTS = Path(__file__).parent / "alerts"
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES.read_text(encoding="utf-8"), re.M)

pytestmark = pytest.mark.prometheus


def promtool(*given: object) -> str:
    done = subprocess.run(
        ["promtool", *map(str, given)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_good() -> None:
    assert f"SUCCESS: {len(ALERTS)} rules found" in promtool("check", "rules", RULES)
    assert len(ALERTS) == len(set(ALERTS))


def test_the_example_is_good_where_its_files_are(tmp_path: Path) -> None:
    text = (SHIPPED / "prometheus.yml").read_text(encoding="utf-8")
    for name in re.findall(r"/etc/prometheus/([\w.-]+)", text):
        (tmp_path / name).write_text("x")
    (tmp_path / RULES.name).write_text(RULES.read_text(encoding="utf-8"))
    config = tmp_path / "prometheus.yml"
    config.write_text(text.replace("/etc/prometheus", str(tmp_path)))
    assert f"{len(ALERTS)} rules found" in promtool("check", "config", config)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires_when_it_must_and_only_then(alert: str) -> None:
    test = TESTS / f"{alert}.yml"
    text = test.read_text(encoding="utf-8")
    fires, silent = text.split("'is silent: ")
    assert f'ALERTS{{alertname="{alert}",alertstate="firing"' in fires
    assert "exp_samples: []" in silent
    assert "SUCCESS" in promtool("test", "rules", test)


def test_each_alert_says_what_it_is_and_what_to_do() -> None:
    blocks = RULES.read_text(encoding="utf-8").split("- alert: ")[1:]
    for block in blocks:
        assert re.search(r"severity: (critical|warning)", block), block
        assert re.search(r"^ +summary: .+$", block, re.M), block
        assert re.search(r"^ +do: .+$", block, re.M), block


def test_every_test_is_of_an_alert() -> None:
    assert {path.stem for path in TESTS.glob("*.yml")} == set(ALERTS)
