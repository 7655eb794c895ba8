# make demo | make test | make browser | make notebook | make clean. Needs Python 3.11 or newer with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export KERAS_BACKEND ?= torch

.PHONY: demo test browser lint notebook clean

demo: $(VENV)/installed
	test -e data/shapes || $(BIN)/python generate_data.py
	$(BIN)/python train.py
	$(BIN)/python evaluate.py

test: $(VENV)/installed-dev lint
	$(BIN)/python -m pytest

# Debian's Chromium, for the tests of report.html; without it they are skipped.
browser:
	command -v chromium || { apt-get update && apt-get install -y chromium; }

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebook: $(VENV)/installed
	$(BIN)/jupyter lab notebooks

clean:
	rm -rf $(VENV) data reports saved_models/unet-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	touch $@
