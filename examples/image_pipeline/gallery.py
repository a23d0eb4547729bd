"""A page that shows the results, to be opened in a browser from the disk."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from image_pipeline.jobs import DESCRIBE, Job
from image_pipeline.pipeline import Description

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #222; background: #fafafa }
section { margin-bottom: 2.5rem }
h2 { font-size: 1.1rem; margin-bottom: .2rem }
.facts { color: #555; margin: 0 0 .6rem }
.colour { display: inline-block; width: 1.4em; height: 1em; vertical-align: -.1em; border: 1px solid #0002 }
.pictures { display: flex; flex-wrap: wrap; gap: .6rem }
figure { margin: 0; width: 150px }
img { width: 150px; height: 110px; object-fit: cover; border-radius: 4px; background: #ddd }
figcaption { font-size: .8rem; color: #555 }
"""


def write(page: Path, jobs: Sequence[Job], descriptions: Mapping[Path, Description]) -> None:
    photographs = dict.fromkeys(job.photograph for job in jobs)
    sections = [
        section(page, photograph, [job for job in jobs if job.photograph == photograph], descriptions.get(photograph))
        for photograph in photographs
    ]
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Image pipeline</title><style>{STYLE}</style>'
        f"<h1>Image pipeline: {len(photographs)} photographs, {len(jobs)} runs</h1>\n"
        + "\n".join(sections)
        + "</html>\n"
    )


def section(page: Path, photograph: Path, jobs: Sequence[Job], description: Description | None) -> str:
    pictures = "".join(
        f'<figure><img loading="lazy" alt="{escape(job.operation)}" src="{escape(relative(job.target, page))}">'
        f"<figcaption>{escape(job.operation)}</figcaption></figure>"
        for job in jobs
        if job.operation != DESCRIBE and job.target.is_file()
    )
    return (
        f"<section><h2>{escape(photograph.name)}</h2>{facts(description) if description else ''}"
        f'<div class="pictures">{pictures}</div></section>'
    )


def relative(picture: Path, page: Path) -> str:
    return picture.relative_to(page.parent).as_posix()


def facts(description: Description) -> str:
    colours = "".join(
        f'<span class="colour" style="background:{escape(colour)}" title="{escape(colour)}"></span> '
        for colour in description.colours
    )
    tags = ", ".join(f"{escape(name)}: {escape(value)}" for name, value in description.exif.items()) or "no EXIF"
    return f'<p class="facts">{description.width} &times; {description.height} &middot; {colours}&middot; {tags}</p>'
