# Everything that a person types. `make` alone lists it.

.DEFAULT_GOAL := help
PYTHONS := .venv/bin/python python3.14 python3.13 python3.12 python3.11 python3
IN_VENV := .venv/bin/python
COMPILE = $(IN_VENV) -m uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-annotate --no-header $(LOCK)

# The first Python of at least 3.11 that really starts (a version manager's shim may not) makes `.venv`.
define setup
@for python in $(PYTHONS); do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		&& exec "$$python" -I flowweb/local/venv.py $(1); \
done; \
echo "flowweb needs Python 3.11 or newer, and none was found. On Debian: apt install python3 python3-venv" >&2; \
exit 2
endef

.PHONY: help run test test-all lint format bench soak lock venv venv-dev

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: venv ## everything on this machine: http://127.0.0.1:8000 (PORT=… for another port)
	@exec $(IN_VENV) -m flowweb.local

test: venv-dev ## every check, and every test that a change can break, in minutes
	@exec $(IN_VENV) -m tests

test-all: venv-dev ## the rest: Postgres whole, every crash step, every page by axe; takes long
	@exec $(IN_VENV) -m tests --rest

lint: venv-dev ## format, lint, types, import rules, migrations, deploy check
	@exec $(IN_VENV) -m tests --only lint

format: venv-dev ## formats Python and templates; checks scripts and styles where npx is available
	@$(IN_VENV) -m tests.run.layout

bench: venv-dev ## figures, as ratios within one run
	@exec $(IN_VENV) -m tests.bench

soak: venv-dev ## of the rest: outages, load and every crash step, on both databases
	@exec $(IN_VENV) -m tests --rest --only faults

lock: venv-dev ## compile all requirements files again from pyproject.toml (LOCK=--upgrade for newer ones)
	@$(COMPILE) pyproject.toml -o requirements.txt
	@$(COMPILE) -c requirements.txt pyproject.toml --group local -o requirements-local.txt
	@$(COMPILE) -c requirements-local.txt pyproject.toml --group dev -o requirements-dev.txt

venv:
	$(call setup,requirements-local.txt)

venv-dev:
	$(call setup,requirements-dev.txt)
