"""What the demo does to a photograph."""

from pathlib import Path

import pytest
from image_pipeline import imaging, photographs
from image_pipeline.jobs import DESCRIBE, plan
from PIL import Image


@pytest.fixture
def rocket() -> Path:
    return next(path for path in photographs.find(None) if path.name == "rocket.jpg")


def test_the_package_ships_the_photographs() -> None:
    found = photographs.find(None)

    assert [path.name for path in found] == list(photographs.NAMES)
    for path in found:
        assert min(imaging.size(path)) >= 300


def test_a_folder_of_ones_own(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "b.JPG")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "notes.txt").write_text("no photograph")

    assert [path.name for path in photographs.find(tmp_path)] == ["a.png", "b.JPG"]


@pytest.mark.parametrize("folder", ["missing", "."])
def test_a_folder_without_photographs_is_refused(folder: str, tmp_path: Path) -> None:
    with pytest.raises(photographs.NoPhotographs, match=str(tmp_path)):
        photographs.find(tmp_path / folder)


@pytest.mark.parametrize("name", imaging.FILTERS)
def test_a_filter_writes_a_picture_that_is_not_the_photograph(name: str, rocket: Path, tmp_path: Path) -> None:
    target = tmp_path / "new" / f"{name}.jpg"

    size = imaging.filtered(rocket, name, target)

    with Image.open(target) as picture:
        assert picture.size == size
        assert picture.convert("RGB").tobytes() != imaging.opened(rocket).tobytes()
    assert list(target.parent.iterdir()) == [target], "nothing unfinished is left"


def test_a_filter_that_is_applied_again_writes_the_same_file(rocket: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.jpg", tmp_path / "second.jpg"
    imaging.filtered(rocket, "blur", first)
    imaging.filtered(rocket, "blur", second)

    assert first.read_bytes() == second.read_bytes()


def test_colours_and_exif(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 100), "#ff0000")
    image.paste("#0000ff", (0, 0, 100, 20))
    tags = Image.Exif()
    tags[271] = "Camera Works\0"
    tags[274] = 6
    image.save(tmp_path / "photo.png", exif=tags)

    assert imaging.dominant_colours(tmp_path / "photo.png")[:2] == ["#ff0000", "#0000ff"]
    assert imaging.exif(tmp_path / "photo.png") == {"Make": "Camera Works", "Orientation": "6"}


def test_a_photograph_is_turned_upright(tmp_path: Path) -> None:
    tags = Image.Exif()
    tags[274] = 6
    Image.new("RGB", (40, 20)).save(tmp_path / "photo.jpg", exif=tags)

    assert imaging.size(tmp_path / "photo.jpg") == (40, 20)
    assert imaging.opened(tmp_path / "photo.jpg").size == (20, 40)


def test_a_huge_photograph_is_made_smaller_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imaging, "MOST_PIXELS", 100)
    Image.new("RGB", (40, 10)).save(tmp_path / "photo.png")

    assert imaging.opened(tmp_path / "photo.png").size == (20, 5)


def test_the_default_demo_has_more_than_200_runs_some_of_them_flaky(tmp_path: Path) -> None:
    jobs = plan(photographs.find(None), tmp_path)

    assert len(jobs) == 210
    assert len({job.target for job in jobs}) == 210
    assert {job.flaky for job in jobs if job.operation == DESCRIBE} == {False}
    assert 15 <= sum(job.flaky for job in jobs) <= 30
