"""Every command that the documentation shows exists, with the options that it shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.project import ROOT

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]
HATCHET = Path(sys.executable).with_name("hatchet")
SHOWN = re.compile(r"(?:^ {4}|`|\$\()(hatchet [a-z][^`#&)\"\n]*)", re.MULTILINE)


def commands() -> list[str]:
    found = {match.strip() for page in PAGES for match in SHOWN.findall((ROOT / page).read_text())}
    return sorted(command for command in found if len(command.split()) > 2)


@pytest.mark.parametrize("command", commands())
def test_a_command_that_is_shown_exists(command: str) -> None:
    group, verb, *rest = command.split()[1:]

    helped = subprocess.run([HATCHET, group, verb, "--help"], capture_output=True, text=True, check=False)

    assert helped.returncode == 0, helped.stderr
    options = [word.split("=")[0] for word in rest if word.startswith("--")]
    assert [option for option in options if option not in helped.stdout] == []
