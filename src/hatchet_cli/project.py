"""`hatchet.yaml`: how a project's worker is run during development, and its named triggers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchet_cli.failure import UsageError

FILE_NAME = "hatchet.yaml"
DEFAULT_FILES = ("**/*.py",)
EXAMPLE = """\
dev:
  runCmd: python worker.py      # starts the worker
  preCmds: []                   # run first, in order
  files: ["**/*.py"]            # a change restarts the worker; "!tests/**" leaves files out
  reload: true
triggers:
  - name: first-run
    command: python trigger.py
    description: Run the first task
"""


@dataclass(frozen=True, slots=True)
class DevSettings:
    """The `dev` section. `reload` is on unless the file says otherwise."""

    run_command: str | None = None
    pre_commands: tuple[str, ...] = ()
    files: tuple[str, ...] = DEFAULT_FILES
    reload: bool = True


@dataclass(frozen=True, slots=True)
class Trigger:
    """A command that starts a run, by name."""

    name: str
    command: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Project:
    dev: DevSettings = DevSettings()
    triggers: tuple[Trigger, ...] = ()

    def trigger(self, name: str) -> Trigger | None:
        return next((trigger for trigger in self.triggers if trigger.name == name), None)


def load_project(directory: Path) -> Project | None:
    """The project of a directory; None without a `hatchet.yaml`.

    Raises:
        UsageError: the file cannot be understood.
    """
    import yaml

    path = directory / FILE_NAME
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"Cannot read {FILE_NAME}: {error}") from error
    root = _mapping(content, "the file")
    _known(root, ("dev", "triggers"), "the file")
    return Project(dev=_dev(_mapping(root.get("dev"), "dev")), triggers=_triggers(root.get("triggers")))


def _dev(section: dict[str, Any]) -> DevSettings:
    _known(section, ("preCmds", "runCmd", "files", "reload"), "dev")
    reload = section.get("reload", True)
    if not isinstance(reload, bool):
        raise _wrong("dev.reload", "true or false")
    return DevSettings(
        run_command=_text(section.get("runCmd"), "dev.runCmd"),
        pre_commands=_texts(section.get("preCmds"), "dev.preCmds"),
        files=_texts(section.get("files"), "dev.files") or DEFAULT_FILES,
        reload=reload,
    )


def _triggers(section: object) -> tuple[Trigger, ...]:
    if section is None:
        return ()
    if not isinstance(section, list):
        raise _wrong("triggers", "a list")
    triggers = []
    for position, entry in enumerate(section):
        where = f"triggers[{position}]"
        fields = _mapping(entry, where)
        _known(fields, ("name", "command", "description"), where)
        command = _text(fields.get("command"), f"{where}.command")
        if not command:
            raise _wrong(f"{where}.command", "the command to run")
        triggers.append(
            Trigger(
                name=_text(fields.get("name"), f"{where}.name") or command,
                command=command,
                description=_text(fields.get("description"), f"{where}.description") or "",
            )
        )
    return tuple(triggers)


def _mapping(value: object, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong(where, "a mapping of keys to values")
    return value


def _known(section: dict[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in section:
        if key not in keys:
            raise UsageError(f"{FILE_NAME}: {where} has an unknown key {key!r}.", f"Known keys: {', '.join(keys)}.")


def _text(value: object, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise _wrong(where, "a text")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong(where, "a list of texts")
    return tuple(value)


def _wrong(where: str, expected: str) -> UsageError:
    return UsageError(f"{FILE_NAME}: {where} must be {expected}.", f"An example:\n\n{EXAMPLE}")
