"""What a type checker says about applications. The cases are files that are checked, not run."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(path.name for path in HERE.glob("case_*.py"))


@pytest.mark.timeout(300)
def test_the_cases_are_typed_as_they_say() -> None:
    """One run of mypy for all of them: it is the slow part."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *(str(HERE / case) for case in CASES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_are_cases() -> None:
    assert len(CASES) >= 5
