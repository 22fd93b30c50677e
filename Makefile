# Two commands on a fresh machine: `make demo` and `make test`. Both make the same environment from the lock file.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
STUDY := samples/heat_pump_grants

.PHONY: demo test lint up clean

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed: make PYTHON=python3.12 demo"; exit 2; }
	@echo "Making the environment from requirements.lock (about 1.5 GB, a minute or two) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	@$(BIN)/crucible run $(STUDY)/project.yaml --out exports/heat-pump-grants

test: $(STAMP)
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy

up: $(STAMP)
	@$(BIN)/crucible up

clean:
	rm -rf $(VENV) exports .pytest_cache .mypy_cache .ruff_cache
