"""What is done to a photograph. Plain Pillow: nothing here knows of tasks.

Pillow gives up the interpreter lock while it computes, so several threads of one worker use several cores.
"""

import os
from collections.abc import Callable
from pathlib import Path

from PIL import ExifTags, Image, ImageEnhance, ImageFilter, ImageOps

MOST_PIXELS = 24_000_000
"""Larger photographs are made smaller first, so that one file cannot take the memory of the worker."""

THUMBNAIL = (256, 256)
COLOURS = 5
COLOUR_SAMPLE = (96, 96)
POINTERS = frozenset(int(pointer) for pointer in ExifTags.IFD)
"""Tags that only say where in the file more tags are."""

FILTERS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "thumbnail": lambda image: ImageOps.contain(image, THUMBNAIL, Image.Resampling.LANCZOS),
    "blur": lambda image: image.filter(ImageFilter.GaussianBlur(6)),
    "sharpen": lambda image: image.filter(ImageFilter.UnsharpMask(radius=3, percent=180)),
    "grayscale": ImageOps.grayscale,
    "contour": lambda image: image.filter(ImageFilter.CONTOUR),
    "edges": lambda image: ImageOps.grayscale(image).filter(ImageFilter.FIND_EDGES),
    "emboss": lambda image: image.filter(ImageFilter.EMBOSS),
    "median": lambda image: image.filter(ImageFilter.MedianFilter(5)),
    "posterize": lambda image: ImageOps.posterize(image, 3),
    "solarize": lambda image: ImageOps.solarize(image, 128),
    "equalize": ImageOps.equalize,
    "sepia": lambda image: ImageOps.colorize(ImageOps.grayscale(image), "#2b1a0c", "#fff1d6", mid="#a9814f"),
    "vivid": lambda image: ImageEnhance.Color(ImageOps.autocontrast(image)).enhance(1.8),
}


def opened(path: Path) -> Image.Image:
    """The photograph, upright and in RGB."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    if upright.width * upright.height > MOST_PIXELS:
        shrink = (MOST_PIXELS / (upright.width * upright.height)) ** 0.5
        upright = upright.resize((int(upright.width * shrink), int(upright.height * shrink)))
    return upright


def filtered(path: Path, name: str, target: Path) -> tuple[int, int]:
    """Apply the filter called `name` and write the picture to `target`. Returns its width and height.

    The file appears whole or not at all, and a second time it is the same file: a task that is run again after its
    worker was killed does no harm.
    """
    result = FILTERS[name](opened(path)).convert("RGB")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    result.save(unfinished, format="JPEG", quality=88)
    unfinished.replace(target)
    return result.size


def size(path: Path) -> tuple[int, int]:
    """Width and height in pixels, as stored."""
    with Image.open(path) as image:
        return image.size


def dominant_colours(path: Path) -> list[str]:
    """The most frequent colours, the most frequent first, as `#rrggbb`."""
    small = ImageOps.contain(opened(path), COLOUR_SAMPLE)
    reduced = small.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=2)
    palette = reduced.getpalette() or []
    counted = sorted(reduced.getcolors() or [], key=lambda entry: -entry[0])
    entries = [int(index) for _, index in counted if isinstance(index, int)]
    return ["#{:02x}{:02x}{:02x}".format(*palette[3 * index : 3 * index + 3]) for index in entries]


def exif(path: Path) -> dict[str, str]:
    """What the camera or the editor wrote into the file, by the names that the standard gives."""
    with Image.open(path) as image:
        tags = image.getexif()
        everything = {**tags, **tags.get_ifd(ExifTags.IFD.Exif)}
    known = {tag: value for tag, value in sorted(everything.items()) if tag in ExifTags.TAGS and tag not in POINTERS}
    return {ExifTags.TAGS[tag]: shown(value) for tag, value in known.items()}


def shown(value: object) -> str:
    text = value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
    return text.replace("\0", "").strip()
