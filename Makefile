# On a machine with Python ≥ 3.11, git and make: `make reproduce` rebuilds everything, `make test` tests it.
PYTHON ?= python3
SHELL := /bin/bash
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: install cluster reproduce test bench smoke lesson quick check lock docs mutants register release

reproduce: install
	snakemake --cores all
	dvc repro

# Three workers, also on two cores: some tests wait for Slurm or a browser.
test: install
	pytest -n 3 --dist worksteal

install: $(BIN)/.installed

# torch's CPU build if the machine's package index has it (a tenth of the size), else the one every index has.
$(BIN)/.installed: requirements.lock requirements-torch-cpu.lock requirements-torch.lock pyproject.toml
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(v < (3, 11) and f"Python {v[0]}.{v[1]} is too old: set PYTHON=python3.11 or newer")'
	$(PYTHON) -m venv .venv
	$(PIP) -r requirements-torch-cpu.lock 2> /dev/null || $(PIP) -r requirements-torch.lock
	$(PIP) -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	$(BIN)/pip check
	$(BIN)/python -m compileall -q src
	touch $@

# Snakemake's executor for Slurm, for `snakemake --profile profiles/slurm`: docs/cluster.md
cluster: install
	$(PIP) -r requirements-cluster.lock

# Every area of benchmarks/ or those named, beside peers in an environment of their own that sees the locked one.
WORK ?= $(basename $(notdir $(wildcard benchmarks/[a-z]*.py)))

bench: .venv-bench/.installed
	for work in $(WORK); do OMP_NUM_THREADS=1 MKL_CBWR=AUTO,STRICT .venv-bench/bin/python -m benchmarks.$$work || exit 1; done

.venv-bench/.installed: $(BIN)/.installed benchmarks/requirements.txt
	$(BIN)/python -m venv .venv-bench
	$(BIN)/python -c 'import sysconfig; print("import site; site.addsitedir(%r)" % sysconfig.get_path("purelib"))' > locked.pth
	mv locked.pth "$$(.venv-bench/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	.venv-bench/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r benchmarks/requirements.txt
	touch $@

# Every claim through the whole chain, on tests/params.smoke.yaml in a throw-away project.
smoke: install
	pytest tests/pipeline/test_whole_chain.py

# One claim alone on the same tiny data, in a folder of its own: make lesson CLAIM=c3b
lesson: install
	test -d lesson || (git clone --quiet . lesson && rm -r lesson/reports lesson/dvc.lock && cp tests/params.smoke.yaml lesson/params.yaml)
	cd lesson && nominima run $(CLAIM)

# A smaller trial in a folder of its own: perceptrons, mostly on digits, half the seeds. Open quick/reports/index.html
quick: install
	test -d quick || (git clone --quiet . quick && rm -r quick/reports quick/dvc.lock && cp params.quick.yaml quick/params.yaml)
	cd quick && snakemake --cores all

check: install
	ruff check
	ruff format --check
	pyright
	lint-imports
	snakefmt --check Snakefile workflow
	workflow/lint.sh
	@twice=$$(find tests -name '*.py' ! -name conftest.py -printf '%f\n' | sort | uniq -d); \
	test -z "$$twice" || { echo "tests: pytest needs names of their own, and two files have: $$twice"; exit 1; }

# Pin every dependency with hashes and without registry addresses; CUDA packages go to a lock of their own.
lock:
	workflow/lock.sh

# A line in docs/register.md for every claim whose rule, instruments or trial changed: make register WHY="what and why"
register: install
	PYTHONPATH=. python docs/register.py "$(WHY)"
	PYTHONPATH=. python docs/generate.py

# What is generated from the source and from params.yaml: README.md, workflow/schemas, params.full.yaml, params.quick.yaml,
# the smoke params of a new claim, and, from the register, the history that the page shows.
docs: install
	PYTHONPATH=. python docs/generate.py

# One archive to publish of what HEAD records, audited first; FROM=data makes all of it again: docs/sharing.md
FROM ?= measures

release: install
	nominima audit all --at HEAD --from $(FROM)
	nominima release

# Break one expression at a time in judging, landscape and sealing, and list what no test notices.
mutants: install
	python tests/mutants.py
