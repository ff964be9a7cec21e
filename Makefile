# Needs make and Python 3.11 or newer; everything else is installed into environments here, each from its lock file:
# .venv from requirements.lock, .venv-demo (what a user needs) from requirements-runtime.lock, .venv-frameworks from
# requirements-frameworks.lock. Another interpreter: make install PYTHON=/path/to/python3.12

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .venv-demo
FRAMEWORKS := .venv-frameworks
PIP_OPTIONS := --disable-pip-version-check --quiet
UV := $(BIN)/uv --quiet

# The interpreters of `make matrix`.
PYTHONS ?= 3.11 3.12 3.13

# Tests and simulators run in parallel already; BLAS threads on top of that only slow them down.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install demo test many lint wheel-test replay soak fuzz bench bench-training corpus reviews coverage minimums matrix test-frameworks docs d3 lock release clean

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

# What a lock file names ($2), into an environment ($1): by uv, in a third of the time, where the lock file has it. By pip
# otherwise, and where uv finds no packages: it does not read pip's settings of indexes.
define installed_from
sed -n '/^uv==/,/[^\\]$$/p' $2 > $1/uv.lock; \
{ test -s $1/uv.lock && $1/bin/python -m pip $(PIP_OPTIONS) install --require-hashes -r $1/uv.lock && \
  $1/bin/uv --quiet pip install --python $1/bin/python --compile-bytecode --require-hashes -r $2; } || \
$1/bin/python -m pip $(PIP_OPTIONS) install --require-hashes -r $2
endef

# An environment with what a lock file names, and qsac itself, editable.
%/.installed:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "qsac needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1)." >&2; \
	  echo "Name another one: make $(or $(MAKECMDGOALS),install) PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $*/bin/python || $(PYTHON) -m venv $*
	@echo "Installing what $(filter %.lock,$^) names into $* ($(TAKES)) ..."
	@$(call installed_from,$*,$(filter %.lock,$^))
	@$*/bin/python -m pip $(PIP_OPTIONS) install --no-deps --no-build-isolation --editable .
	@$*/bin/python -m compileall -q qsac passes targets # where Python may write nothing, each start compiled 300 modules
	@touch $@

BUILD := pyproject.toml setup.py qsac/layout/_kernel.c
$(VENV)/.installed: requirements.lock $(BUILD)
$(DEMO)/.installed: requirements-runtime.lock $(BUILD)
TAKES := a minute or two
$(DEMO)/.installed: TAKES := 670 MB, a minute or two

# Several gigabytes: two minutes by uv, which the environment of the tests has, an hour by pip.
$(FRAMEWORKS)/.installed: requirements-frameworks.lock $(BUILD) | $(VENV)/.installed
	@echo "Installing what $< names into $(FRAMEWORKS) (several gigabytes, a minute or two) ..."
	@$(UV) venv --clear --python $(BIN)/python $(FRAMEWORKS)
	@$(UV) pip install --python $(FRAMEWORKS)/bin/python --require-hashes -r $<
	@$(UV) pip install --python $(FRAMEWORKS)/bin/python --no-deps --no-build-isolation --editable .
	@$(FRAMEWORKS)/bin/python -m compileall -q qsac passes targets
	@touch $@

install: $(VENV)/.installed ## install qsac and its locked dependencies into .venv

demo: $(DEMO)/.installed ## compile a small model for H2-1, run it, exactly and with shots, and show it on a page
	@out=$$(mktemp -d) && trap 'rm -rf "$$out"' EXIT && set -ex && \
	$(DEMO)/bin/qsac check docs/examples/tfim.json --metrics && \
	$(DEMO)/bin/qsac compile docs/examples/tfim.json -o "$$out/tfim.qsac.json" && \
	$(DEMO)/bin/qsac run "$$out/tfim.qsac.json" --target statevector && \
	$(DEMO)/bin/qsac run "$$out/tfim.qsac.json" --target aer --shots 10000 --seed 1 && \
	$(DEMO)/bin/qsac view "$$out/tfim.qsac.json" -o tfim.html

test: install ## the test suite
	@$(BIN)/python -m pytest -n 2 --dist worksteal --quiet

many: install ## the test suite with all of its generated cases, and the tests that are marked `many`
	@QSAC_CASES=all $(BIN)/python -m pytest -n 2 --dist worksteal --quiet -m 'not packaging and not frameworks'

lint: install ## format, style, types, import rules
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

wheel-test: install ## build the distributions and use the wheel in an empty environment
	@$(BIN)/python -m pytest -m packaging --quiet

replay: install ## compile 300 models as BASE=<commit> does, and compare; REPLAY='--level meaning ..' for other options
	@$(BIN)/python -m tests.replay --base '$(BASE)' $(REPLAY)

soak: install ## kill qsac 200 times, use one cache by 8 processes, kill sweeps 20 times; SOAK='--kills N ..' for other figures
	@$(BIN)/python -m tests.soak $(SOAK)

bench: install ## measure counts and times
	@$(BIN)/python -m tests.bench

bench-training: install ## train what docs/training.md tells, and measure times; TRAINING='..' for options
	@$(BIN)/python -m tests.bench.training $(TRAINING)

corpus: install ## fetch a text to learn from (Genesis to Deuteronomy, public domain) into corpus/
	@$(BIN)/python -m tests.bench.corpus

reviews: install ## fetch labelled snippets of movie reviews, to measure classifiers with, into corpus/
	@$(BIN)/python -m tests.bench.reviews

fuzz: install ## try 100,000 changed files of every kind (an hour)
	@$(BIN)/python -m tests.fuzz

coverage: install ## the test suite, and which lines and branches of qsac it does not go through
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m coverage run -m pytest -n 2 --dist worksteal --quiet; status=$$?; \
	$(BIN)/python -m coverage combine --quiet && $(BIN)/python -m coverage report; exit $$status

minimums: install ## the test suite with the lowest versions that pyproject.toml allows
	@$(UV) venv --clear --python $(BIN)/python .venv-min
	@echo 'setuptools>=77,<81' > .venv-min/build-constraints.txt # old sdists take pkg_resources from it
	@$(UV) pip install --python .venv-min/bin/python --compile-bytecode --resolution lowest-direct \
	  --build-constraints .venv-min/build-constraints.txt --editable '.[dev,qiskit,pennylane,cirq,dask]'
	@.venv-min/bin/python -m pytest -n 2 --dist worksteal --quiet

# One after the other, whatever fails; make names at the end what did.
matrix: install ## the test suite under each of PYTHONS (3.11 to 3.13) and with the lowest versions
	@$(MAKE) --no-print-directory --keep-going --jobs 1 $(PYTHONS:%=matrix-%) minimums

# pyenv shows uv an interpreter that is not the chosen one only where it is named.
matrix-%: install
	@PYENV_VERSION=$$(pyenv versions --bare 2>/dev/null | paste -s -d : -) \
	$(UV) venv --clear --python $* .venv-$* || { \
	  echo "Python $* is missing: it is not installed here, and uv could not fetch it. Nothing was tested with it." >&2; exit 1; }
	@$(UV) pip install --python .venv-$*/bin/python --require-hashes -r requirements.lock
	@$(UV) pip install --python .venv-$*/bin/python --no-deps --no-build-isolation --editable .
	@echo "The test suite under $$(.venv-$*/bin/python --version):"
	@.venv-$*/bin/python -m pytest -n 2 --dist worksteal --quiet

# Of all tests those with that mark alone are collected: others import what this environment lacks.
test-frameworks: $(FRAMEWORKS)/.installed ## the tests with torch, lambeq, guppylang and mqt.predictor (gigabytes)
	@$(FRAMEWORKS)/bin/python -m pytest -m frameworks --quiet $$(grep -rl --include='*.py' 'mark\.frameworks' tests)

docs: install ## build the documentation into site/
	@$(BIN)/sphinx-build -qW --keep-going -d build/doctrees docs site

# What pages are drawn with, from the npm registry, in the versions of package-lock.json: run by hand, for the result is
# committed.
D3 := qsac/views/page/assets/d3

d3: ## bundle the parts of d3 that pages use, with their licences (needs npm)
	@work=$$(mktemp -d) && trap 'rm -rf "$$work"' EXIT && set -e && \
	cp $(D3)/package.json $(D3)/package-lock.json $(D3)/entry.js $(D3)/licences.mjs "$$work" && \
	(cd "$$work" && npm ci --silent --no-audit --no-fund && npm run --silent bundle && node licences.mjs) && \
	cp "$$work/d3.js" "$$work/LICENSE" $(D3)

# A clean header and no annotations: the files must not depend on who made them, where and from which index.
# Not `pecos`: its emulator pins a pre-release and brings a gigabyte of compilers. What a user installs has the versions
# that the tests use. The frameworks do not: guppylang for Python 3.11 wants an older hugr than pytket-quantinuum takes
# by itself.
EXTRAS := qulacs qir qasm3 nexus train qiskit pennylane cirq dask bench docs dev
COMPILE = $(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-emit-index-url --no-annotate --custom-compile-command 'make lock'
lock: install ## renew the lock files from pyproject.toml
	@$(COMPILE) $(EXTRAS:%=--extra %) --upgrade --output-file requirements.lock
	@$(COMPILE) --constraint requirements.lock --upgrade --output-file requirements-runtime.lock
	@$(COMPILE) --extra dev --group frameworks --prerelease disallow --upgrade --output-file requirements-frameworks.lock
	@! grep -nE 'https?:|file:' requirements*.lock

release: install ## VERSION=x.y.z: bump, date the changelog, check, commit, tag and build; publishes nothing
	@$(BIN)/python -m tests.release '$(VERSION)'

clean: ## remove what was built, the environments included
	@rm -rf $(VENV) $(DEMO) $(FRAMEWORKS) .venv-min $(PYTHONS:%=.venv-%) build dist site *.egg-info .coverage .coverage.* qsac/layout/_kernel.*so
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find qsac passes targets tests -name __pycache__ -prune -exec rm -rf {} +
