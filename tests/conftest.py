"""What every test gets."""

import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests see neither the developer's HATCHET_ variables nor the profiles in the home folder."""
    for name in [name for name in os.environ if name.startswith("HATCHET_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HATCHET_HOME", str(tmp_path_factory.getbasetemp() / "hatchet-home"))
