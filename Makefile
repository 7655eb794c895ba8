# make demo | check | test | lint | kill-test | fuzz | faults | test-keras-cv | test-nightly | browser | container-try | audit |
# notebook | notebooks | slides | slides-pdf | pictures | bench | bench-quick | reliability | dist | python-3.12 | python-3.13 |
# clean. Needs Python 3.11 with venv, and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
VENV_KERAS_CV := .venv-keras-cv
VENV_NIGHTLY := .venv-nightly
SITE_PACKAGES := import sysconfig; print(sysconfig.get_path('purelib'))
export KERAS_BACKEND ?= torch

# Two workers. The tests of a file stay together, for they share what they make; tests/conftest.py says which files begin.
WORKERS := -n 2 --dist loadfile --no-loadscope-reorder
PYTEST := $(BIN)/python -m pytest $(WORKERS)

.PHONY: demo check quick-tests test lint kill-test fuzz faults test-keras-cv test-nightly browser container-try audit \
	notebook notebooks slides slides-pdf pictures bench bench-quick reliability dist python-3.12 python-3.13 clean

demo: $(VENV)/installed
	test -e data/shapes || $(BIN)/python generate_data.py
	$(BIN)/python train.py
	$(BIN)/python evaluate.py

# The quick door, about a minute: lint, types, import contract, and every test that starts no process and trains no more than
# seconds. `make test` is the whole.
check: $(VENV)/installed-dev
	$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint quick-tests

quick-tests: $(VENV)/installed-dev
	$(PYTEST) -m "not process and not slow"

# Tests that start processes come last; their own threads and workers need the cores.
test: $(VENV)/installed-dev lint
	$(PYTEST) -m "not process"
	$(PYTEST) -m process

# KILLS random kills of each command that writes, study and tune left out; `make test` does a few.
kill-test: $(VENV)/installed-dev
	$(BIN)/python tests/reliability/kill_commands.py $(or $(KILLS),200)

# Damaged files of every kind, 5,000 to readers and 100 to commands, in about an hour on two cores; `make test` does a few.
fuzz: $(VENV)/installed-dev
	$(BIN)/python tests/reliability/fuzz.py

# Do the tests of a room notice some forty faults that a careless edit could make there?
faults: $(VENV)/installed-dev
	$(BIN)/python tests/plant_faults.py

test-keras-cv: $(VENV_KERAS_CV)/installed
	$(VENV_KERAS_CV)/bin/python -m pytest $(WORKERS) -m keras_cv tests/models tests/workflows/test_keras_cv.py tests/workflows/test_backends.py

# What will the next Keras break? Its nightly build, in an environment on top of the other one.
test-nightly: $(VENV_NIGHTLY)/installed
	$(VENV_NIGHTLY)/bin/python -m pytest $(WORKERS) tests/models tests/training tests/datasets/test_feed.py tests/evaluation

# Debian's Chromium, for the tests of report.html and the playground; without it they are skipped.
browser:
	command -v chromium || { apt-get update && apt-get install -y chromium; }

# Builds and uses the image without a container engine or a registry, as root on Debian (docs/container.md).
container-try:
	command -v buildah debootstrap crun || { apt-get update && apt-get install -y buildah debootstrap crun; }
	sh tests/container/without_engine.sh

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

notebook: $(VENV)/installed
	$(BIN)/jupyter lab notebooks

reliability: $(VENV)/installed-dev
	$(BIN)/python docs/make_reliability.py

audit: $(VENV)/installed
	$(PIP) pip-audit==2.10.1
	$(BIN)/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > $(VENV)/audited.txt
	$(BIN)/pip-audit --strict --no-deps --disable-pip --requirement $(VENV)/audited.txt

notebooks: $(VENV)/installed
	$(BIN)/jupyter nbconvert --to notebook --execute --ExecutePreprocessor.store_widget_state=False --inplace notebooks/*.ipynb

# One file that needs no network; notebooks/slides/ is its template.
SLIDES := reports/slides/5_presentation.slides.html
slides: $(VENV)/installed
	$(BIN)/jupyter nbconvert --to slides --no-input --template slides --TemplateExporter.extra_template_basedirs=notebooks \
		--output-dir $(dir $(SLIDES)) notebooks/5_presentation.ipynb

slides-pdf: slides browser
	chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=$(SLIDES:.slides.html=.pdf) $(SLIDES)

# The README's picture and, where data/reference is, those in the folder of the reference model.
pictures: $(VENV)/installed
	$(BIN)/python docs/make_pictures.py

# All benchmarks; docs/benchmarks.md shows the full ones. Peers come with benchmarks/requirements.txt, and are skipped without.
BENCHMARKS := startup generate feed metrics inference playground train busy gpu
bench: $(VENV)/installed-dev
	for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py || exit 1; done
	$(BIN)/python docs/make_benchmarks.py

bench-quick: $(VENV)/installed-dev
	for name in $(BENCHMARKS); do $(BIN)/python benchmarks/$$name.py --quick || exit 1; done

# The release: wheel and sdist, checked; then each goes into an empty environment with all that it asks for, and is used there.
EMPTY := build/empty
dist: $(VENV)/installed-dev
	rm -rf dist build
	mkdir build
	grep == requirements.txt > build/pinned.txt
	$(BIN)/poetry build
	$(PIP) twine==7.0.0 check-wheel-contents==0.6.3
	$(BIN)/twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl
	for file in dist/*; do \
		rm -rf $(EMPTY) && $(PYTHON) -m venv $(EMPTY) && $(EMPTY)/bin/python -m pip install --quiet --constraint build/pinned.txt $$file \
		&& (cd $(EMPTY) && bin/shapeseg generate --num-images 20 && bin/shapeseg train --epochs 1 && bin/shapeseg evaluate) \
		|| exit 1; \
	done

# A newer Python in an environment of its own: install, the quick door, the main job.
python-3.12 python-3.13: python-%:
	$(MAKE) --no-print-directory VENV=.venv-$* PYTHON=python$* check demo

clean:
	rm -rf .venv .venv-* build dist data reports saved_models/unet-* .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/installed: requirements.txt pyproject.toml
	@echo "installing into $(VENV): 1.6 GB with torch's small build for CPUs, 5.3 GB with CUDA, which PyPI's build brings."
	@echo "For the small one: export PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) -r requirements.txt
	touch $@

$(VENV)/installed-dev: $(VENV)/installed requirements-dev.txt
	$(PIP) -r requirements-dev.txt
	touch $@

$(VENV_NIGHTLY)/installed: $(VENV)/installed-dev
	rm -rf $(VENV_NIGHTLY)
	$(BIN)/python -m venv --without-pip $(VENV_NIGHTLY)
	$(BIN)/python -c "$(SITE_PACKAGES)" > "$$($(VENV_NIGHTLY)/bin/python -c "$(SITE_PACKAGES)")/of_the_other_environment.pth"
	$(VENV_NIGHTLY)/bin/python -m pip install --quiet --disable-pip-version-check --pre --no-deps keras-nightly
	touch $@

# On top of the other environment: what that has, keras-cv and TensorFlow find there, and only what is missing is installed.
$(VENV_KERAS_CV)/installed: $(VENV)/installed-dev requirements-keras-cv.txt
	rm -rf $(VENV_KERAS_CV)
	$(BIN)/python -m venv --without-pip $(VENV_KERAS_CV)
	$(BIN)/python -c "$(SITE_PACKAGES)" > "$$($(VENV_KERAS_CV)/bin/python -c "$(SITE_PACKAGES)")/of_the_other_environment.pth"
	$(VENV_KERAS_CV)/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-keras-cv.txt
	touch $@
