# Two commands matter: `make demo` and `make test`. Each prepares all it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST ?=
PIP_QUIET := --quiet --disable-pip-version-check
SUPPLY := systemd/supply
LOCKED := setup.cfg pyproject.toml $(SUPPLY)/install $(wildcard $(SUPPLY)/locks/*.txt)

.PHONY: demo test test-package scale arm64 lint models wheel deb lock sbom clean

demo: $(VENV)/.demo models
	$(BIN)/likeness demo

test: $(VENV)/.dev models
	sh .ci/prepare mosquitto || true
	sh .ci/prepare softhsm2 || true
	sh .ci/prepare chromium || true
	sh .ci/prepare postgresql || true
	sh .ci/prepare prometheus || true
	sh .ci/prepare npm || true
	$(BIN)/python -m pytest $(PYTEST)

# Ten thousand simulated terminals against the real programs: daemon/SCALE.md.
scale: $(VENV)/.dev
	sh .ci/prepare mosquitto
	sh .ci/prepare postgresql
	PYTHONPATH=daemon:tests $(BIN)/python -m scale.run $(SCALE)

# Our own code as arm64, by qemu-user, held against this machine's: daemon/ARM64.md.
arm64: $(VENV)/.dev models
	sh .ci/prepare mmdebstrap
	sh .ci/prepare qemu-user-static
	PYTHONPATH=daemon:tests $(BIN)/python -m arm64.run $(ARM64)

lint: $(VENV)/.dev
	$(BIN)/python $(SUPPLY)/check_supply.py
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Fetches the pinned packages and builds the models; does nothing when they are there.
models: $(VENV)/.demo
	$(BIN)/likeness models build

$(VENV)/.made:
	sh .ci/prepare python3-venv
	$(PYTHON) -m venv $(VENV)
	touch $@

# What is installed is what the locks name, by digest; then this checkout, built with it.
$(VENV)/.demo: $(VENV)/.made $(LOCKED)
	sh $(SUPPLY)/install $(BIN)/python demo
	$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	sh $(SUPPLY)/install $(BIN)/python dev
	PYTHONPATH=daemon $(BIN)/python tests/browser/axe.py
	-PYTHONPATH=daemon $(BIN)/python tests/asyncapi_specs.py
	-PYTHONPATH=daemon:tests $(BIN)/python tests/real_picamera2.py
	touch $@

# The same bytes everywhere, of what is committed: dist/likeness-*.whl.
wheel: $(VENV)/.dev
	sh $(SUPPLY)/wheel $(BIN)/python dist

# The Debian package of a terminal: dist/likeness_*.deb. ARCH=arm64, SUITE=trixie.
deb: models
	PYTHONPATH=daemon:$(SUPPLY) $(BIN)/python systemd/package/build_deb.py \
	    $(if $(ARCH),--arch $(ARCH)) $(if $(SUITE),--suite $(SUITE))

# The package in Debian roots: installed, a visit, upgraded, purged. As root.
test-package: $(VENV)/.dev models
	for tool in mmdebstrap lintian mosquitto; do sh .ci/prepare $$tool || exit 1; done
	LIKENESS_TEST_PACKAGE=1 $(BIN)/python -m pytest tests/package $(PYTEST)

# New locks for the Python of the venv; look at the difference before committing it.
lock: $(VENV)/.made
	$(BIN)/python -m pip install $(PIP_QUIET) "packaging>=24.2"
	$(BIN)/python $(SUPPLY)/make_lock.py

# What each role consists of, as CycloneDX: dist/*.cdx.json.
sbom: $(VENV)/.dev
	for role in terminal carrier; do \
	    $(BIN)/python $(SUPPLY)/make_sbom.py $$role --out dist/likeness-$$role.cdx.json || exit 1; \
	done

clean:
	rm -rf $(VENV) build dist models/built models/.build-env
