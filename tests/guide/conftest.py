"""An engine for the guide, and the reader's project on it."""

from collections.abc import Iterator

import pytest
from image_pipeline.processes import Address

from tests.guide import project as guide
from tests.support.project import Project


@pytest.fixture(scope="module")
def project(
    engine: Address, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Project]:
    """The guide's application. Each test module has its own namespace, so that its workers get only its runs."""
    namespace = request.module.__name__.rsplit(".", 1)[-1]
    made = Project(tmp_path_factory.mktemp("guide"), engine, {"HATCHET_CLIENT_NAMESPACE": namespace})
    made.write(guide.files())
    with made.importable():
        yield made
    made.close()
