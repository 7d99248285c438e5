# make run: start the workbench.  make test: the whole test suite.  Both make .venv when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# One thread a worker: two workers with OpenMP pools of their own only fight over the cores.
QUIET := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive TOKENIZERS_PARALLELISM=false
# From tests/ on: the root is a package, which pytest can't import in a folder named romebench-main.
PYTEST := $(BIN)/python -m pytest --rootdir tests tests

.PHONY: run test lint types contracts check bench docs clean

run: $(STAMP)
	@$(BIN)/romebench

test: $(STAMP)
	$(QUIET) $(PYTEST) -n 2 --dist worksteal -m "not serial"
	$(QUIET) $(PYTEST) -m serial

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

contracts: $(STAMP)
	$(BIN)/lint-imports

check: lint types contracts test

bench: $(STAMP)
	$(QUIET) $(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[dev]"
	@touch $(STAMP)
