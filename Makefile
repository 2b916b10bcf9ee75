# Every target calls bootstrap.py, which needs nothing but Python 3.11 or newer.
PYTHON ?= python3
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help run test check conformance powerbi-check sqlserver-check pictures drill reference docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' Makefile

run: ## serve the demo city; PORT=8000
	@$(PYTHON) bootstrap.py run --port $(PORT)

test: ## the whole suite, without network; ARGS="words for pytest"
	@$(PYTHON) bootstrap.py test $(ARGS)

check: ## lint, types, import contracts, dependencies, generated documents
	@$(PYTHON) bootstrap.py check

conformance: ## foreign judges over the running service, one table (needs npm and the package index); ARGS="--only NAME"
	@$(PYTHON) bootstrap.py conformance $(ARGS)

powerbi-check: ## foreign judges over the Power BI templates, one table (needs npm and the package index); ARGS="--short" without npm
	@$(PYTHON) bootstrap.py powerbi-check $(ARGS)

sqlserver-check: ## the way to SQL Server with each ODBC driver, one table (needs unixODBC, FreeTDS and the package index); ARGS="--rows 1000000"
	@$(PYTHON) bootstrap.py sqlserver-check $(ARGS)

pictures: ## draw the Power BI pages in docs/powerbi anew (needs the package index)
	@$(PYTHON) bootstrap.py pictures $(ARGS)

drill: ## bad nights, one row a kind, and a table of figures; ARGS="--short" is the gate's form
	@$(PYTHON) bootstrap.py drill $(ARGS)

reference: ## published figures on real open data (needs ../shared)
	@$(PYTHON) bootstrap.py reference

docs: ## write the generated documents anew
	@$(PYTHON) bootstrap.py docs

lock: ## resolve the locks anew (needs uv and the package index)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra install -o requirements.lock pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra install --extra test -c requirements.lock -o requirements-test.lock pyproject.toml
	cd tests/powerbi_check/packages && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o powerbi.txt powerbi.in
	cd tests/powerbi_check/packages && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o fabric.txt fabric.in
	cd tests/powerbi_check/packages && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-deps -o powerbi-alone.txt powerbi-alone.in
	cd tests/sqlserver/packages && uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o driver.txt driver.in

clean: ## remove .venv, var and caches
	@$(PYTHON) bootstrap.py clean
