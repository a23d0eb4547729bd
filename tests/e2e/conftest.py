from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Installation


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    made.start_engine()
    yield made
    made.stop()
