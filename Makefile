# Needs make and Python 3.11 or newer; everything else is installed into .venv from requirements.lock.
# Another interpreter: make install PYTHON=/path/to/python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
UV := $(BIN)/uv --quiet

# Tests and simulators run in parallel already; BLAS threads on top of that only slow them down.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install demo test lint wheel-test replay soak fuzz bench minimums docs lock clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

install: $(INSTALLED) ## install qsac and its locked dependencies into .venv

$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "qsac needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),install) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) (a minute or two) ..."
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

demo: install ## compile a small model for H2-1 and run it, exactly and with shots
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && set -ex && \
	$(BIN)/qsac check docs/examples/tfim.json --metrics && \
	$(BIN)/qsac compile docs/examples/tfim.json -o "$$out/tfim.qsac.json" && \
	$(BIN)/qsac run "$$out/tfim.qsac.json" --target statevector && \
	$(BIN)/qsac run "$$out/tfim.qsac.json" --target aer --shots 10000 --seed 1

test: install ## the test suite
	@$(BIN)/python -m pytest -n 2 --quiet

lint: install ## format, style, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

wheel-test: install ## build the distributions and use the wheel in an empty environment
	@$(BIN)/python -m pytest -m packaging --quiet

replay: install ## compile 300 models as BASE=<commit> does, and compare; REPLAY='--level meaning ..' for other options
	@$(BIN)/python -m tests.replay --base '$(BASE)' $(REPLAY)

soak: install ## kill qsac 200 times, and use one cache by 8 processes; SOAK='--kills N ..' for other figures
	@$(BIN)/python -m tests.soak $(SOAK)

bench: install ## measure counts and times
	@$(BIN)/python -m tests.bench

fuzz: install ## try 100,000 changed files of every kind (an hour)
	@$(BIN)/python -m tests.fuzz

minimums: install ## the test suite with the lowest versions that pyproject.toml allows
	@$(UV) venv --clear --python $(BIN)/python .venv-min
	@$(UV) pip install --python .venv-min/bin/python --compile-bytecode --resolution lowest-direct \
	  --editable '.[dev]'
	@.venv-min/bin/python -m pytest -n 2 --quiet

docs: install ## build the documentation into site/
	@$(BIN)/mkdocs build --quiet

# A clean header and no annotations: the file must not depend on who made it, where and from which index.
# Not `pecos`: its emulator pins a pre-release and brings a gigabyte of compilers.
EXTRAS := qulacs qir qasm3 nexus bench docs dev
lock: install ## renew requirements.lock from pyproject.toml
	@$(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest $(EXTRAS:%=--extra %) --upgrade \
	  --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command 'make lock' --output-file requirements.lock
	@! grep -nE 'https?:|file:' requirements.lock

clean: ## remove what was built, the environments included
	@rm -rf $(VENV) .venv-min build dist site *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
