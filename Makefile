# The front door. `make help` lists what there is; every target works from a fresh clone.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := .venv-peers
ARGS :=

# The newcomer's own python3 where it is new enough, else a newer one beside it.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)

# Nothing is registered outside the repository, and a user's own settings change no figure and no number.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
export PYTHONNOUSERSITE := 1
export IPYTHONDIR := $(abspath work/ipython)
export MPLCONFIGDIR := $(abspath work/matplotlib)
export JUPYTER_RUNTIME_DIR := $(abspath work/jupyter)
export JUPYTER_PREFER_ENV_PATH := 1
# One thread a process: two processes share two cores, and sums come out in the same order.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

EXAMPLE_STORE := $(abspath work/example.duckdb)
NOTEBOOKS := $(wildcard notebooks/*.ipynb notebooks/validation/*.ipynb)
TEMPLATES := $(wildcard notebooks/reports/*.ipynb notebooks/studies/*.ipynb)
# Drops timing, versions and widget state, and numbers the cell ids. Run counts stay: nbval needs them, and they
# show that a notebook was run from top to bottom. Templates lose counts and outputs too.
SCRUB := $(BIN)/nbstripout --unix-newlines --extra-keys "metadata.papermill metadata.widgets metadata.vscode \
	metadata.language_info.version cell.metadata.execution cell.metadata.papermill cell.metadata.ExecuteTime \
	cell.metadata.collapsed cell.metadata.scrolled cell.metadata.vscode"
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadscope
# Stored outputs are compared strictly; machines of different locales must write the same words.
NBVAL := --nbval --nbval-kernel-name=evaluation --nbval-cell-timeout=300 --nbval-kernel-startup-timeout=120
STEADY := LC_ALL=C.UTF-8

.PHONY: help reports test check benchmark benchmark-batch validate fuzz test-store check-format check-lint check-types check-floors \
	check-notebooks check-tests format lab refresh-notebooks scrub lock clean work

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-20s %s\n", $$1, $$2}'

# The example's own store: `make reports` shows what the suite does, whatever has been received meanwhile.
reports: $(READY) work ## the 24 district reports of the default period, into outputs/ (ARGS="--period 2018-Q3")
	@$(BIN)/evaluation example --if-missing || [ $$? -eq 1 ] # a file kept out is named; its district then did not report
	@EVALUATION_STORE="$${EVALUATION_STORE:-$(EXAMPLE_STORE)}" $(BIN)/evaluation report --all $(ARGS)

# The tests' own evidence, made anew: a user's store is never read, and a changed generator is never hidden by an old one.
TEST_STORE := $(abspath work/test/store.duckdb)

test-store: $(READY) work
	@rm -rf $(TEST_STORE) $(TEST_STORE).*
	@$(MAKE) --no-print-directory $(TEST_STORE)

$(TEST_STORE): | $(READY) work
	@mkdir -p $(dir $@)
	@$(BIN)/evaluation example --store $@

test: test-store ## the whole test suite, every committed notebook compared with its stored outputs
	@EVALUATION_STORE=$(TEST_STORE) $(STEADY) $(PYTEST) tests notebooks $(NBVAL) --cov=evaluation --cov-report=term --durations=15 $(ARGS)

check: check-format check-lint check-types check-floors check-notebooks check-tests ## the quick loop: format, lint, types, floors, fast tests

check-format: $(READY)
	@$(BIN)/ruff format --check --output-format concise || { echo "make format mends this"; exit 1; }

check-lint: $(READY)
	@$(BIN)/ruff check --quiet

check-types: $(READY)
	@$(BIN)/mypy --cache-dir=work/mypy

check-floors: $(READY)
	@$(BIN)/lint-imports --no-logo --cache-dir=work/import-linter

check-notebooks: $(READY)
	@$(if $(NOTEBOOKS)$(TEMPLATES),$(SCRUB) --keep-output --keep-count --verify $(NOTEBOOKS) $(TEMPLATES) || { echo "make scrub mends this"; exit 1; },true)

check-tests: $(READY) work $(TEST_STORE)
	@EVALUATION_STORE=$(TEST_STORE) $(STEADY) $(PYTEST) tests -q -m "not slow" $(ARGS)

benchmark: $(READY) work ## what received workbooks, all monitoring at once, placebos and specification curves cost beside their peers, in the same run
	@$(BIN)/python benchmarks/intake.py
	@$(BIN)/python benchmarks/monitoring.py
	@$(BIN)/python benchmarks/effects.py
	@$(BIN)/python benchmarks/specifications.py
	@$(MAKE) --no-print-directory benchmark-batch

benchmark-batch: $(READY) work $(TEST_STORE) $(PEERS)/.ready ## all reports beside every other way of running notebooks, into benchmarks/RESULTS.md; takes over an hour (ARGS="--rounds 1")
	@$(BIN)/python -m benchmarks.batch $(ARGS)

# Peers see the project's own packages and bring only what it does not have.
$(PEERS)/.ready: benchmarks/peers.txt | $(READY)
	@rm -rf $(PEERS)
	@$(BIN)/python -m venv $(PEERS)
	@$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(" + repr(sysconfig.get_path("purelib")) + ")")' \
		> "$$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/project.pth"
	@$(PEERS)/bin/python -m pip install --quiet --requirement $<
	@touch $@

validate: $(READY) work ## how often each design claims what is not there, 1,000 panels, into docs/sizes.md (ARGS="--draws 200")
	@$(BIN)/python benchmarks/sizes.py $(ARGS)

fuzz: $(READY) work ## 10,000 changed workbooks through the reading process (ARGS="1000 7" for a number and a seed)
	@$(BIN)/python -m tests.faults $(or $(ARGS),10000)

format: $(READY) ## write code and notebooks in the house's form
	@$(BIN)/ruff check --quiet --fix-only
	@$(BIN)/ruff format --quiet

lab: $(READY) work ## open JupyterLab with notebooks/00_start_here.ipynb
	@$(BIN)/jupyter lab notebooks/00_start_here.ipynb $(ARGS)

refresh-notebooks: test-store ## run the committed notebooks again and scrub them (NOTEBOOKS=notebooks/03_indicators.ipynb for one)
	@for n in $(NOTEBOOKS); do echo "$$n"; EVALUATION_STORE=$(TEST_STORE) $(STEADY) $(BIN)/jupyter nbconvert --log-level=WARN --to notebook --execute --inplace \
		--ExecutePreprocessor.kernel_name=python3 --ExecutePreprocessor.timeout=600 \
		--ExecutePreprocessor.record_timing=False "$$n" </dev/null; done
	@$(MAKE) --no-print-directory scrub

scrub: $(READY) ## take timing, versions and random ids out of notebooks; outputs stay
	@$(if $(NOTEBOOKS)$(TEMPLATES),$(SCRUB) --keep-output --keep-count $(NOTEBOOKS),true)
	@$(if $(TEMPLATES),$(SCRUB) $(TEMPLATES),true)

lock: ## write requirements.lock again from pyproject.toml (ARGS=--upgrade for newer versions)
	@test -x work/lock-tool/bin/uv || { "$(PYTHON)" -m venv work/lock-tool && work/lock-tool/bin/python -m pip install --quiet uv; }
	@work/lock-tool/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --quiet \
		--no-header --no-annotate --output-file requirements.lock $(ARGS)

clean: ## remove the environment and all caches; outputs/ and the evidence store stay
	@rm -rf $(VENV) $(PEERS) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis work/mypy work/import-linter work/lock-tool \
		work/ipython work/jupyter work/matplotlib work/coverage work/benchmark
	@find src tests notebooks -name __pycache__ -type d -prune -exec rm -rf {} +

work:
	@mkdir -p work && chmod 700 work

$(READY): requirements.lock pyproject.toml
	@"$(if $(PYTHON),$(PYTHON),false)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Cần Python 3.11 trở lên: cài đặt, hoặc chạy make PYTHON=đường-dẫn. / Python 3.11 or later is needed: install it, or run make PYTHON=path-to-it." >&2; \
		exit 2; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "Python thiếu venv: trên Debian/Ubuntu cài python3-venv. / This Python lacks venv: on Debian or Ubuntu install python3-venv." >&2; exit 2; }
	@echo "Đang cài đặt môi trường (một lần) … / Installing the environment (once) …"
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-deps --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check --quiet >/dev/null || { $(BIN)/python -m pip check; exit 1; }
	@touch $@
