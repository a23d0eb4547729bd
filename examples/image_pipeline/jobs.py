"""What is to be done: one run for each photograph and each thing that is asked of it."""

from dataclasses import dataclass
from pathlib import Path

from image_pipeline import imaging

DESCRIBE = "describe"
OPERATIONS = (DESCRIBE, *imaging.FILTERS)
FLAKY_ONE_IN = 9


@dataclass(frozen=True, slots=True)
class Job:
    photograph: Path
    operation: str
    target: Path
    flaky: bool


def plan(photographs: list[Path], pictures: Path) -> list[Job]:
    """Every operation for every photograph; one filter in nine is to fail the first time."""
    pairs = [(photograph, operation) for photograph in photographs for operation in OPERATIONS]
    return [
        Job(
            photograph=photograph,
            operation=operation,
            target=pictures / photograph.stem / f"{operation}.jpg",
            flaky=operation != DESCRIBE and number % FLAKY_ONE_IN == 0,
        )
        for number, (photograph, operation) in enumerate(pairs, 1)
    ]
