"""What every test gets."""

import os
from collections.abc import Iterator

import pytest
from image_pipeline.processes import Address, Engine


@pytest.fixture(autouse=True)
def no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see neither the developer's HATCHET_ variables nor the profiles in the home folder."""
    for name in [name for name in os.environ if name.startswith("HATCHET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HATCHET_HOME", str(tmp_path_factory.getbasetemp() / "hatchet-home"))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Address]:
    """A real engine, in a process of its own, on an empty folder."""
    logs, home = tmp_path_factory.mktemp("engine-logs"), tmp_path_factory.mktemp("engine-home")
    running = Engine(tmp_path_factory.mktemp("engine-data"), home, logs)
    try:
        yield running.start()
    finally:
        running.stop()
