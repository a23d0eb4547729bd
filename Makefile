# Two commands are enough: `make demo` and `make test`. Both set up what they need in .venv on first use.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip --quiet --no-input
# Tests run in as many processes as there are cores, at least 1 and at most 2: some of them measure time.
WORKERS := $(shell $(PYTHON) -c 'import os; print(min(2, os.cpu_count() or 1))' 2>/dev/null || echo 1)
DEMO_ARGS := $(if $(CRASH),--crash) $(if $(FOLDER),--folder "$(FOLDER)")

.PHONY: help demo test lint pytest proto bench clean

help:
	@echo "make demo              run the image pipeline: a real engine, a real worker, 200+ runs"
	@echo "make demo CRASH=1      the same, with kill -9 of engine and worker in the middle"
	@echo "make demo FOLDER=path  the same with your own photographs"
	@echo "make test              everything that CI checks"
	@echo "make lint              formatting, lint, types, import borders"
	@echo "make proto             generate the stubs of contracts/ again"
	@echo "make bench             the benchmarks (see bench/README.md)"

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "python3 -m venv failed; on Debian and Ubuntu: apt-get install python3-venv" >&2; rm -rf $(VENV); exit 1; }

# One stamp for those who only run the demo, one for those who develop: a demo needs half of the packages.
$(VENV)/.installed-demo: pyproject.toml | $(BIN)/python
	@echo "Installing the demo's packages into $(VENV) (once) ..."
	@$(PIP) install --editable '.[server,cli,demo]'
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	@echo "Installing everything into $(VENV) (once) ..."
	@$(PIP) install --editable '.[dev,demo]'
	@touch $@ $(VENV)/.installed-demo

demo: $(VENV)/.installed-demo
	@PYTHONPATH=examples $(BIN)/python -m image_pipeline.demo --output demo-output $(DEMO_ARGS)

test: lint pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

pytest: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(PYTEST_ARGS)

proto: $(VENV)/.installed-dev
	$(BIN)/python tools/generate_stubs.py src

bench: $(VENV)/.installed-dev
	$(BIN)/python bench/run.py setup
	$(BIN)/python bench/run.py $(or $(BENCH_ARGS),all)
	$(BIN)/python bench/run.py report

clean:
	rm -rf $(VENV) .venv-published-sdk demo-output .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
