# Everything runs in .venv, made from the lock file: nothing but Python 3.11+ and make is needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-long fuzz lint format bench bench-relay bench-tls bench-tracker bench-web screenshots lock clean

help:
	@echo "make run        start Waypost here on embedded defaults"
	@echo "make test       the tests (some six minutes on two cores)"
	@echo "make test-long  the tests that take minutes"
	@echo "make fuzz       broken mail for the rewriter, odd clients for relay and tracker; SECONDS=60 each"
	@echo "make lint       ruff, mypy --strict, import-linter"
	@echo "make format     ruff format and sorted imports"
	@echo "make bench      the benchmarks of docs/performance.md"
	@echo "make bench-relay  the relay beside Postfix and a stock relay (root, Postfix installed)"
	@echo "make bench-tracker  clicks a second beside nginx (installed; Debian's will do)"
	@echo "make bench-web  pages of API and dashboard with 10,000 domains and a million events"
	@echo "make bench-tls  TLS on the tracker beside nginx (installed; Debian's will do)"
	@echo "make screenshots  the pictures in the documents (Chromium installed)"
	@echo "make lock       compile the lock files again"

# --no-build-isolation: the build backend too comes from the lock file, by hash.
$(VENV)/.dev: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(VENV)/.dev
	$(BIN)/waypost init --if-missing --demo
	exec $(BIN)/waypost serve

# More processes than cores: much of the time a test waits for a server or a neighbour.
TEST_PROCESSES ?= 4
PYTEST = $(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist worksteal

test: $(VENV)/.dev
	$(PYTEST) -m "not long"

test-long: $(VENV)/.dev
	$(PYTEST) -m long

SECONDS ?= 60
fuzz: $(VENV)/.dev
	$(BIN)/python -m fuzz.rewriting --seconds $(SECONDS)
	$(BIN)/python -m fuzz.session --seconds $(SECONDS)
	$(BIN)/python -m fuzz.client_hello --seconds $(SECONDS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

bench-relay: $(VENV)/.dev
	$(BIN)/python -m benchmarks relay

bench-tracker: $(VENV)/.dev
	$(BIN)/python -m benchmarks tracker

bench-web: $(VENV)/.dev
	$(BIN)/python -m benchmarks web

bench-tls: $(VENV)/.dev
	$(BIN)/python -m benchmarks tls

screenshots: $(VENV)/.dev
	$(BIN)/python -m tests.web.screenshots

lock: $(VENV)/.dev
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade \
	    pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --upgrade \
	    -c requirements.lock pyproject.toml --extra web -o requirements-web.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	    -c requirements-web.lock pyproject.toml --extra web --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
