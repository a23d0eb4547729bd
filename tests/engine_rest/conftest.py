"""One engine and server for each test module; tests use workflows of their own."""

from collections.abc import Iterator

import pytest

from tests.engine_rest.rig import Rig


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    running = Rig(tmp_path_factory.mktemp("rest"))
    try:
        yield running
    finally:
        running.close()
