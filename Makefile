# make run    installs what the demo needs into .venv and serves it on http://127.0.0.1:7860
# make static writes into dist/ a page that reads in the browser, for any web host; installs nothing
# make test   installs what the tests need, Chromium and nginx included, and runs all checks
# make test-fast   runs the checks that need no browser, no other program and no training
# make format   brings Python and JavaScript into the form that the checks ask for
# make pictures   makes all pictures of the docs anew, for a release
# make audit  checks what the demo needs for known vulnerabilities
# make load   sends a crowd for five minutes, into bench/
# make classifier DATA=DIR   trains the network for drawings; DIR holds the data sets
# make detector DATA=DIR     trains the network for pictures
# make weights DATA=DIR      does both, and measures the released weights
# make bench  measures for seven minutes how fast the demo is, into bench/
#
# Installing is quick the second time. Choose the interpreter with PYTHON=python3.12.

# python3, if the demo runs under it, else the newest that it runs under.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
    $$python -c $(RUNS_UNDER) 2>/dev/null && echo $$python && exit; done; echo python3)
RUNS_UNDER := 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
BIN := .venv/bin
# npm runs the tools with the Node that pip has installed.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix tests/javascript --loglevel=error

.PHONY: run static test test-fast lint format classifier detector weights bench load pictures audit clean

run: .venv/run.stamp
	$(BIN)/python app.py

static:
	$(PYTHON) src/mnist_demo/browser/build_static.py dist

test: lint
	$(BIN)/python -m tests.helpers.programs
	$(BIN)/pytest

test-fast: lint
	$(BIN)/pytest -m "not browser and not server and not training"

lint: .venv/test.stamp .venv/node.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(NPM) run check
	$(BIN)/lint-imports --no-logo

format: .venv/test.stamp .venv/node.stamp
	$(BIN)/ruff format .
	$(NPM) run format

classifier detector weights: .venv/test.stamp
	@test -n "$(DATA)" || { echo "Say where the data sets are: make $@ DATA=DIR"; exit 1; }
	$(BIN)/python -m train pipeline $(subst weights,,$@) --data-dir $(DATA)

bench: .venv/test.stamp
	$(BIN)/python -m tests.helpers.programs
	$(BIN)/python -m bench
	$(BIN)/python -m bench.in_browser

load: .venv/test.stamp
	$(BIN)/python -m bench.load

pictures: .venv/test.stamp
	$(BIN)/python -m docs.screenshots
	$(BIN)/python -m docs.animation
	$(BIN)/python -m docs.how_it_works

audit: .venv/pyvenv.cfg
	$(BIN)/pip install -q --disable-pip-version-check pip-audit==2.10.1
	$(BIN)/pip-audit -r requirements.txt

clean:
	rm -rf .venv dist tests/javascript/node_modules

.venv/pyvenv.cfg:
	@$(PYTHON) -c $(RUNS_UNDER) || { \
	    echo "Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) is none of them."; \
	    echo "TensorFlow has no wheel for 3.14 yet. Say which: make $(MAKECMDGOALS) PYTHON=..."; \
	    exit 1; }
	@# Debian keeps what venv needs in a package of its own.
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { \
	    package=$$($(PYTHON) -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'); \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	        apt-get update -q && apt-get install -qy $$package; \
	    else \
	        echo "$(PYTHON) lacks venv. On Debian: sudo apt-get install $$package"; exit 1; \
	    fi; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: .venv/pyvenv.cfg requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-train.txt requirements-ray.txt requirements-dev.txt pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check \
	    -r requirements.txt -r requirements-train.txt -r requirements-ray.txt -r requirements-dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e .
	@touch $@

.venv/node.stamp: .venv/test.stamp tests/javascript/package.json tests/javascript/package-lock.json
	$(NPM) ci --no-audit --no-fund
	@touch $@
