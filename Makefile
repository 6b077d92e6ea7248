.PHONY: setup demo panel test stacks kubernetes kills ui-test bench bench-torch bench-table bench-panel format

setup:
	bash .ci/setup test

demo:
	bash .ci/demo

panel:
	bash .ci/panel

test:
	bash .ci/test

stacks:
	PATH="$$PWD/.venv/bin:$$PATH" MLPACK_ALL_STACKS=1 pytest tests/stack/test_docker_build.py

kubernetes:
	bash tests/kubernetes/node/install .venv/kubernetes/node
	PATH="$$PWD/.venv/bin:$$PATH" MLPACK_NODE="$$PWD/.venv/kubernetes/node" pytest -m kubernetes

kills:
	PATH="$$PWD/.venv/bin:$$PATH" MLPACK_KILLS=212 pytest -s tests/engines/test_docker_kills.py tests/server/test_kills.py

ui-test: panel
	PATH="$$PWD/.venv/bin:$$PATH" bash labextension/ui-tests/run

bench:
	bash .ci/setup test
	PATH="$$PWD/.venv/bin:$$PATH" python bench/everything.py

bench-torch:
	PATH="$$PWD/.venv/bin:$$PATH" python bench/everything.py --only torch

bench-table:
	PATH="$$PWD/.venv/bin:$$PATH" python bench/table.py

bench-panel: panel
	PATH="$$PWD/.venv/bin:$$PATH" bash labextension/ui-tests/run --measure

format:
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	cd labextension && PATH="$$PWD/../.venv/bin:$$PATH" jlpm format
