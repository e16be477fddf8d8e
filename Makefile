# Two commands matter: `make demo` and `make test`. Each prepares all it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PYTEST ?=

.PHONY: demo test lint models clean

demo: $(VENV)/.demo models
	$(BIN)/likeness demo

test: $(VENV)/.dev models
	sh .ci/prepare mosquitto || true
	sh .ci/prepare softhsm2 || true
	$(BIN)/python -m pytest $(PYTEST)

lint: $(VENV)/.dev
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

$(VENV)/.demo: $(VENV)/.made setup.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench,carrier]'
	touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[bench,carrier,dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist models/built models/.build-env
