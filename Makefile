.PHONY: setup demo panel test ui-test bench bench-panel format

setup:
	bash .ci/setup test

demo:
	bash .ci/demo

panel:
	bash .ci/panel

test:
	bash .ci/test

ui-test: panel
	PATH="$$PWD/.venv/bin:$$PATH" bash labextension/ui-tests/run

bench:
	bash .ci/setup test
	.venv/bin/python bench/build.py

bench-panel: panel
	PATH="$$PWD/.venv/bin:$$PATH" bash labextension/ui-tests/run --measure

format:
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	cd labextension && PATH="$$PWD/../.venv/bin:$$PATH" jlpm format
