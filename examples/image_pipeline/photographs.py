"""Where the photographs come from."""

import importlib.util
from pathlib import Path

PACKAGE = "skimage"
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"})
# The package ships drawings and test patterns too; these are its photographs.
NAMES = (
    "astronaut.png",
    "brick.png",
    "camera.png",
    "chelsea.png",
    "coffee.png",
    "coins.png",
    "grass.png",
    "gravel.png",
    "hubble_deep_field.jpg",
    "ihc.png",
    "moon.png",
    "motorcycle_left.png",
    "motorcycle_right.png",
    "retina.jpg",
    "rocket.jpg",
)


class NoPhotographs(Exception):
    """There is nothing to work on; the message says what to do."""


def find(folder: Path | None) -> list[Path]:
    """The photographs in `folder` (not in its subfolders), or those that scikit-image ships.

    Raises:
        NoPhotographs: the folder is missing or has none, or the package is not installed.
    """
    if folder is None:
        return shipped()
    if not folder.is_dir():
        raise NoPhotographs(f"{folder} is not a folder")
    found = sorted(path.resolve() for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise NoPhotographs(f"{folder} has no photographs ({', '.join(sorted(SUFFIXES))})")
    return found


def shipped() -> list[Path]:
    package = importlib.util.find_spec(PACKAGE)  # finds the files without importing the package
    if package is None or package.origin is None:
        raise NoPhotographs("scikit-image, which ships the photographs, is missing: pip install 'hatchet-py[demo]'")
    data = Path(package.origin).parent / "data"
    found = [data / name for name in NAMES if (data / name).is_file()]
    if not found:
        raise NoPhotographs(f"this version of scikit-image ships no photographs in {data}; name your own with FOLDER=")
    return found
