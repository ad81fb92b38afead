# What CI runs, and what a developer runs by hand. `just` lists it.

default:
    @just --list

# Format, lint, test: what CI runs.
ci:
    .ci/run

# The tests a user can run.
test:
    cargo test

# Figures on labelled data beside the project; says so when there is none.
quality:
    checks/quality

# The page of a report in a real browser; says so when there is none.
page PICTURES="":
    checks/page {{PICTURES}}

# Licences of all that is built in, as docs/LICENCES.md lists them.
licences:
    checks/licences --write

# Licences, advisories, duplicate and banned crates (needs cargo-deny).
deny:
    cargo deny check

# Speed against the physical limit: just bench [CORPUS]
bench *CORPUS:
    cargo bench --bench bench -- {{CORPUS}}

# A wheel of the Python package for Linux with glibc 2.17 or later, in python/dist; linked by zig, as PyPI has it
wheel:
    python3 -m venv target/wheel
    target/wheel/bin/pip install --quiet "maturin>=1.16,<2" ziglang
    cd python && PATH="$PWD/../target/wheel/bin:$PATH" CARGO_TARGET_DIR=../target \
        maturin build --release --locked --compatibility manylinux2014 --zig --out dist

# The pictures of the README, from what the program gives.
demo:
    checks/demo

# The binary of a release, in a root that holds nothing else.
static:
    checks/static
