# make demo: set up and run the main job on data/. make test: set up and run the tests.
PYTHON ?= python3
VENV ?= .venv
PITH := $(VENV)/bin/pith
SAMPLE := data/sample/papers.jsonl
KEY := data/keys/signing-key.json
LAKE := data/lake
INSTALL := $(VENV)/bin/pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt

# Each module is compiled once, when it is first wanted, not anew by each of a thousand processes.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo demo-steps demo-harvest loopback-arxiv demo-wheel test check lint faults fuzz bench bench-merge clean

demo: $(VENV)/installed $(KEY)
	@$(MAKE) --no-print-directory demo-steps

demo-steps:
	$(PITH) build $(SAMPLE) --lake $(LAKE)
	$(PITH) audit --lake $(LAKE)
	$(PITH) show 1804.01852 --as bundle --lake $(LAKE) | $(PITH) verify -
	$(PITH) sql --lake $(LAKE) "select primary_cat, count(*) as papers, min(submitted_at)::date as first_on from latest_records group by all order by papers desc, primary_cat limit 8"
	$(PITH) resolve arXiv:1804.01852 --lake $(LAKE)

# A loopback arXiv that fails one request in ten, harvested twice, audited, and asked.
demo-harvest: $(VENV)/installed-dev $(KEY)
	@set -eu; answers=$$(mktemp); \
	$(VENV)/bin/python -m tests.arxiv_server --papers $(SAMPLE) --page-size 50 --fault-rate 0.1 > $$answers & \
	server=$$!; trap 'kill $$server; rm -f $$answers' EXIT; \
	until grep -q PITH_API_URL $$answers; do sleep 0.2; done; \
	export $$(cat $$answers) PITH_PACE_SECONDS=0 PITH_LAKE=data/lake-harvested; set -x; \
	$(PITH) nightly --since 2005-09-16; \
	$(PITH) nightly; \
	$(PITH) audit --source; \
	$(PITH) audit; \
	$(PITH) sql "select from_on, until_on, status, records from windows order by build_id"

# The same from sdist and wheel, installed into an environment of its own, far from the checkout;
# and someone else's program beside it, type-checked and run.
demo-wheel: $(VENV)/installed-dev
	@set -eu; place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	$(VENV)/bin/python -m build --no-isolation --outdir "$$place/dist" . > "$$place/log" || { cat "$$place/log"; exit 1; }; \
	$(VENV)/bin/python -m venv "$$place/venv"; \
	"$$place/venv/bin/pip" install --quiet --disable-pip-version-check --no-compile -c constraints.txt "$$place"/dist/*.whl; \
	cp $(SAMPLE) "$$place/papers.jsonl"; \
	unset PYTHONPATH; export PITH_SIGNING_KEY_FILE="$$place/key.json"; \
	"$$place/venv/bin/pith" keys new; \
	$(MAKE) --no-print-directory -C "$$place" -f "$(CURDIR)/Makefile" demo-steps \
		PITH="$$place/venv/bin/pith" SAMPLE=papers.jsonl; \
	cp tests/downstream.py "$$place/program.py"; mypy="$(CURDIR)/$(VENV)/bin/mypy"; cd "$$place"; set -x; \
	"$$mypy" --strict --python-executable venv/bin/python program.py; \
	venv/bin/python program.py papers.jsonl key.json data/lake

# An arXiv of the sample's papers on this machine, to try a harvest on; Ctrl-C ends it.
loopback-arxiv: $(VENV)/installed
	$(VENV)/bin/python -m tests.arxiv_server --papers $(SAMPLE) --port 8018

# The demonstration's own key: for you alone, ignored by git. For a registry, see the README.
$(KEY): | $(VENV)/installed
	PITH_SIGNING_KEY_FILE=$(KEY) $(PITH) keys new

test: $(VENV)/installed-dev
	$(VENV)/bin/python -m pytest -n auto --dist loadfile --no-loadscope-reorder $(PYTEST)

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy pith_builder flows
	$(VENV)/bin/lint-imports

check: lint test

# Every search for faults at its full length, with its counts; `make test` does a seeded share.
faults: $(VENV)/installed-dev
	PITH_FAULTS=whole $(VENV)/bin/python -m pytest -s tests/faults tests/fuzz $(PYTEST)

# Ten minutes of fuzzing every parser; FUZZ holds options, such as FUZZ='--seconds 60'.
fuzz: $(VENV)/installed-fuzz
	$(VENV)/bin/python -m tests.fuzz $(FUZZ)

# BENCH holds options, such as BENCH='--papers 20000 --only mint,audit'.
bench: $(VENV)/installed-bench
	$(VENV)/bin/python -m tests.bench $(BENCH)

bench-merge: $(VENV)/installed-dev
	$(VENV)/bin/python -m tests.bench.merging $(BENCH)

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) -e .
	touch $@

$(VENV)/installed-dev: $(VENV)/installed
	$(INSTALL) -e '.[dev,flows,dask,report,serve,timestamps]'
	touch $@

$(VENV)/installed-fuzz: $(VENV)/installed-dev
	$(INSTALL) -e '.[fuzz]'
	touch $@

$(VENV)/installed-bench: $(VENV)/installed-dev
	$(INSTALL) -e '.[bench]'
	touch $@

clean:
	rm -rf $(VENV) $(LAKE) data/lake-harvested data/nightly
