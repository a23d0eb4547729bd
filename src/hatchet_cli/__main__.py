"""`python -m hatchet_cli`."""

from hatchet_cli.main import main

if __name__ == "__main__":
    main()
