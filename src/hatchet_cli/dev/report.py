"""What `hatchet worker dev` says about itself, on stderr, apart from what the worker prints."""

from hatchet_cli import output


def say(text: str) -> None:
    """Something went as it should."""
    output.console(stderr=True).print(f"hatchet │ {text}", style="cyan", soft_wrap=True)


def warn(text: str) -> None:
    """Something needs the developer."""
    output.console(stderr=True).print(f"hatchet │ {text}", style="bold yellow", soft_wrap=True)
