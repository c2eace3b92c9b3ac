# Each target installs what it needs (Debian packages through apt, when allowed to) and says so.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test check chaos replay bench fuzz packages browser-packages mail-packages

# The committed .sqlx stands in for a database wherever the code is only built.
export SQLX_OFFLINE := true

help: ## Say what there is to make
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

demo: packages ## See it work on this machine (ARGS=--once ends by itself, ARGS=--live asks the real hub)
	cargo run --locked --quiet -- demo $(ARGS)

test: packages browser-packages mail-packages ## Run all tests, on a PostgreSQL that is started for them
	cargo test --locked

check: packages browser-packages mail-packages ## Everything a change must pass: format, lints, docs, query cache, tests
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --all-targets -- -D warnings
	@scripts/install-packages g++
	cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir target -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --locked --no-deps --document-private-items
	scripts/sqlx-cache --check
	$(MAKE) test

chaos: packages ## Kill, cut and starve it (ARGS="--kills 1000 --readers 5000 --relay postfix --seed 7")
	@scripts/install-packages postfix
	cargo build --locked --release
	TEST_PROGRAM=target/release/paperlark CHAOS="--readers 5000 $(ARGS)" cargo test --locked --test it chaos -- --nocapture

replay: packages ## Replay all days of ../shared/data (or TEST_DATA) through stand-in servers, twice and by two hosts; print the counts
	@REPLAY=all cargo test --locked --release --test it replay::real -- --nocapture

bench: packages ## Measure (needs no network)
	cargo bench --locked

fuzz: ## Feed a part of the program inputs it has never seen (TARGET=filter SECONDS=60; targets: fuzz/fuzz_targets)
	@scripts/install-rust
	@scripts/install-packages g++
	@scripts/fuzz $(or $(TARGET),filter) $(or $(SECONDS),60)

packages:
	@scripts/install-rust
	@scripts/install-packages postgresql gcc

browser-packages:
	@scripts/install-packages nodejs $$(command -v npm >/dev/null || echo npm) chromium python3
	@scripts/install-node-packages tests/browser

mail-packages:
	@scripts/install-packages nodejs $$(command -v npm >/dev/null || echo npm) python3-dkim python3-nacl
	@scripts/install-node-packages tests/mail
