# `make demo` shows it, `make test` proves it; both make their own environment in .venv from the lock first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The wheel index is the machine's own choice (pip's configuration); nothing here names one.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test chaos many fuzz check format reference letters pictures lock clean help

help: ## what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

demo: $(VENV)/ready ## the real daemon on an embedded mail server, with sample mails
	@$(BIN)/mailbot demo

test: $(VENV)/ready check ## every check and every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

chaos: $(VENV)/ready ## kill the daemon 500 times over a wild SMTP server (ten minutes; CHAOS_ARGS="--kills 50 --seed 2")
	$(BIN)/python -m benchmarks.chaos $(CHAOS_ARGS)

many: $(VENV)/ready ## kill one of three daemons on one PostgreSQL every two seconds (five minutes; MANY_ARGS="--mails 200")
	$(BIN)/python -m benchmarks.many $(MANY_ARGS)

fuzz: $(VENV)/ready ## read a million spoiled mails (half an hour; FUZZ_ARGS="--inputs 10000 --seed 2")
	$(BIN)/python -m benchmarks.fuzz $(FUZZ_ARGS)

check: $(VENV)/ready ## format, lint and types alone
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/ready ## put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/ready: requirements/all.txt pyproject.toml
	@echo "Making the environment in $(VENV) (once, about a minute) ..."
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here. Install Python 3.11 or newer (Debian, Ubuntu: apt-get install python3 python3-venv), or name one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This is Python %d.%d, and mailbot needs 3.11 or newer; name one with: make PYTHON=python3.12 ..." % sys.version_info[:2])'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments: its venv module is a package of its own on Debian and Ubuntu. Install it (apt-get install python3-venv), then type make again." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) install --require-hashes --no-deps -r requirements/all.txt
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

reference: $(VENV)/ready ## write docs/configuration.md from the code
	$(BIN)/python -m mailbot.config.reference > docs/configuration.md

letters: $(VENV)/ready ## every letter, as text, HTML and picture, into build/letters (docs/texts.md)
	$(BIN)/python docs/render_letters.py build/letters

pictures: $(VENV)/ready ## take the pictures in docs/ again
	$(BIN)/python docs/render_letters.py --documents

lock: ## choose the newest versions again and write requirements/*.txt
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade --extra test --extra demo --extra postgresql pyproject.toml requirements/build.in -o requirements/all.txt

clean: ## remove what make made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
