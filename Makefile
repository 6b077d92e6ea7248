.PHONY: setup demo test bench format

setup:
	bash .ci/setup test

demo:
	bash .ci/demo

test:
	bash .ci/test

bench:
	bash .ci/setup test
	.venv/bin/python bench/build.py

format:
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
