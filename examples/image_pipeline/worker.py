"""The worker process of the pipeline: `python -m image_pipeline.worker`."""

import os

from image_pipeline.pipeline import apply_filter, describe, hatchet

SLOTS = 2 * (os.cpu_count() or 1)


def main() -> None:
    hatchet.worker("image-worker", slots=SLOTS, workflows=[apply_filter, describe]).start()


if __name__ == "__main__":
    main()
