# Everything a clone needs, on a machine with Python 3.11 (or newer), git and make.

SHELL := /bin/sh
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.PHONY: help demo test check e2e prove states format bench lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet

# The stamp is named after what was installed, so that only a change of content installs again.
KEY := $(shell cat requirements.lock pyproject.toml | cksum | cut -d ' ' -f 1)
READY := $(VENV)/.ready-$(KEY)
BENCH_KEY := $(shell cat requirements-bench.lock | cksum | cut -d ' ' -f 1)
BENCH_VENV := .venv-bench
BENCH_READY := $(BENCH_VENV)/.ready-$(BENCH_KEY)

help: ## Say what can be made
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## Watch a release deployed and a bad one rolled back, in a minute
	@$(BIN)/trueup demo

test: $(READY) ## Run the tests (under 5 minutes)
	@$(BIN)/python -m pytest -n $(WAITING) -m "not e2e and not prove"

check: $(READY) ## Format, lint, types, layers, Dockerfile
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

e2e: $(READY) ## Run the real process against the sandbox, and promtool on the rules (under 15 minutes)
	@$(BIN)/python -m pytest -n $(WAITING) -m "e2e and not prove" --timeout 600

# What they start waits more than it computes, so one more of them than there are cores is run at once.
WAITING = $(shell echo $$(( $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1 )))

prove: $(READY) ## Try every order of events, 100,000 lives, 50 kills, 200 services (under 20 minutes on two cores)
	@TRUEUP_LIVES=$(LIVES) $(BIN)/python -m pytest -n 3 -m "prove or properties" --timeout 1200

# How many times as many lives as the quick run: so many that they are 100,000 and more.
LIVES := 134

states: $(READY) ## Draw docs/states.md from the state table
	@$(BIN)/python -m tests.prove.diagram

format: $(READY) ## Put the code into its one format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) $(BENCH_READY) ## Measure against the floor and ecs-deploy (BENCH_FLAGS=--quick takes 2 minutes)
	@$(BIN)/python -m benchmarks $(BENCH_FLAGS)

# The image and the benchmarks use the versions that were tested: their locks are constrained by the first.
LOCK := pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-annotate \
  --quiet $(LOCK_FLAGS)
lock: ## Lock what pyproject.toml asks for (needs uv; LOCK_FLAGS=--upgrade takes the newest)
	@uv=$$(command -v uv || command -v $(BIN)/uv) || { echo "make lock needs uv (pip install uv)" >&2; exit 1; }; set -e; \
	"$$uv" $(LOCK) pyproject.toml --extra sandbox --group dev -o requirements.lock; \
	"$$uv" $(LOCK) pyproject.toml -c requirements.lock -o requirements-run.lock; \
	"$$uv" $(LOCK) --group bench -c requirements.lock -o requirements-bench.lock; \
	echo hatchling | "$$uv" $(LOCK) - -c requirements.lock -o requirements-build.lock

clean: ## Remove what these targets made
	rm -rf $(VENV) $(BENCH_VENV) dist build .coverage .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find controller tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

PYTHONS := $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14 python)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

# Wheels only: nothing that comes from an index runs while it is being installed.
$(READY):
	@if ! $(BIN)/python -c 'import pip; $(NEW_ENOUGH)' 2>/dev/null; then \
	  for python in $(PYTHONS) ""; do "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null && break; done; \
	  if [ -z "$$python" ]; then \
	    echo "trueup needs Python 3.11 or newer, and found none as: $(PYTHONS)" >&2; exit 1; \
	  fi; \
	  said=$$("$$python" -m venv --clear $(VENV) 2>&1) || { \
	    echo "$$python cannot make a virtual environment (Debian keeps that in the package python3-venv):" >&2; \
	    echo "$$said" >&2; exit 1; \
	  }; \
	fi
	@echo "Installing into $(VENV) ..."
	@$(PIP_INSTALL) --only-binary :all: --no-deps --require-hashes -r requirements.lock
	@$(PIP_INSTALL) --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.ready-*
	@touch $@

# What we compare ourselves with lives by itself, as it would on anybody's machine.
$(BENCH_READY): | $(READY)
	@$(BIN)/python -m venv --clear $(BENCH_VENV) && echo '*' > $(BENCH_VENV)/.gitignore
	@$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check --no-input install --quiet --only-binary :all: \
	  --no-deps --require-hashes -r requirements-bench.lock
	@touch $@
