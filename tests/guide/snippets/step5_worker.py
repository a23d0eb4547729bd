from client import hatchet
from tasks import process_image


def main() -> None:
    worker = hatchet.worker("image-worker", slots=4, workflows=[process_image])
    worker.start()


if __name__ == "__main__":
    main()
