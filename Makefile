# `make run` serves the dashboard, `make test` passes the tests; each sets up what is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# torch pins its CUDA packages itself and a CPU-only build has none, so the lock leaves them to it
CUDA := cuda-bindings cuda-pathfinder cuda-toolkit triton $(addprefix nvidia-,cublas cuda-cccl cuda-cupti \
	cuda-nvrtc cuda-runtime cudnn-cu13 cufft cufile cusolver cusparse cusparselt-cu13 nccl-cu13 nvjitlink \
	nvshmem-cu13 nvtx)
# one version of a package for all Pythons, so that what the tests have seen is what runs
LOCK := $(UV) pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --no-header --no-annotate \
	$(addprefix --no-emit-package ,$(CUDA))
export HELMET_WATCH_DATA ?= data

.PHONY: run test lint types unit texts lock clean

run: $(VENV)/.run
	$(BIN)/python -m db upgrade
	$(BIN)/streamlit run streamlit_app.py

test: lint types unit

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy

unit: $(VENV)/.test
	$(BIN)/python -m pytest

# new and changed texts into the catalogues, where somebody then translates them
texts: $(VENV)/.run
	$(BIN)/pybabel --quiet extract --no-default-keywords -k _ -k several:1,2 -k later --no-location --no-wrap \
		--sort-output -o $(VENV)/dashboard.pot dashboard streamlit_app.py
	$(BIN)/pybabel --quiet update -D dashboard -d dashboard/locale -i $(VENV)/dashboard.pot --no-fuzzy-matching \
		--ignore-obsolete --no-wrap --omit-header

lock: $(UV)
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv==0.13.9

$(VENV)/.run: requirements.txt packaging/opencv-python/pyproject.toml | $(UV)
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt
	touch $@

$(VENV)/.test: requirements-dev.txt $(VENV)/.run
	$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
