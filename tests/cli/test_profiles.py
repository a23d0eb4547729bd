"""The file of profiles: what is written is read again, and only its owner can read it."""

import stat
from pathlib import Path

import pytest

from hatchet_cli.failure import CliError, UsageError
from hatchet_cli.profiles import Profile, ProfileFile, Profiles


def profile(name: str) -> Profile:
    return Profile(name, f"ey-{name}", "t-1", "127.0.0.1:7077", "http://127.0.0.1:8888", "none")


def test_written_profiles_are_read_again(tmp_path: Path) -> None:
    file = ProfileFile(tmp_path)
    profiles = Profiles()
    profiles.put(profile("local"))
    profiles.put(profile("staging"))
    file.save(profiles)
    assert file.load() == Profiles("local", {"local": profile("local"), "staging": profile("staging")})


def test_only_the_owner_can_read_them(tmp_path: Path) -> None:
    file = ProfileFile(tmp_path / "home")
    file.save(Profiles())
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.path.parent.stat().st_mode) == 0o700


def test_no_file_means_no_profiles(tmp_path: Path) -> None:
    assert ProfileFile(tmp_path).load() == Profiles()


@pytest.mark.parametrize(
    "text", ["profiles: [1]", "- a", "profiles: {local: {token: x}}", "a: b: c", "profiles: {a: 1}"]
)
def test_a_broken_file_is_named_in_the_error(tmp_path: Path, text: str) -> None:
    file = ProfileFile(tmp_path)
    file.path.write_text(text)
    with pytest.raises(CliError) as failure:
        file.load()
    assert str(file.path) in failure.value.message


def test_the_preferred_profile_is_the_default_else_the_only_one() -> None:
    profiles = Profiles(None, {"a": profile("a")})
    assert profiles.preferred() == profile("a")
    profiles.by_name["b"] = profile("b")
    assert profiles.preferred() is None
    profiles.default = "b"
    assert profiles.preferred() == profile("b")


def test_removing_the_default_leaves_none() -> None:
    profiles = Profiles()
    profiles.put(profile("a"))
    profiles.put(profile("b"))
    profiles.remove("a")
    assert profiles.default is None
    with pytest.raises(UsageError, match="'a'"):
        profiles.remove("a")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ProfileFile(tmp_path)
    profiles = Profiles()
    profiles.put(profile("a"))
    file.save(profiles)

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(CliError, match="No space left"):
        file.save(Profiles())
    monkeypatch.undo()
    assert file.load() == profiles
    assert [path.name for path in tmp_path.iterdir()] == ["profiles.yaml"]
