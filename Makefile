# make demo | make test | make notebook | make notebooks | make slides | make clean. Needs Python 3.11 or newer with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
export KERAS_BACKEND ?= torch

.PHONY: demo test lint notebook notebooks slides clean

demo: $(VENV)/installed
	test -e data/shapes || $(BIN)/python generate_data.py
	$(BIN)/python train.py
	$(BIN)/python evaluate.py

test: $(VENV)/installed-dev lint
	$(BIN)/python -m pytest

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebook: $(VENV)/installed
	$(BIN)/jupyter lab notebooks

notebooks: $(VENV)/installed
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace notebooks/*.ipynb

slides: $(VENV)/installed
	$(BIN)/jupyter nbconvert --to slides --no-input --SlidesExporter.reveal_scroll=True \
		--output-dir reports/slides notebooks/5_presentation.ipynb

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
