"""The books that the demo keeps: what it counts, and that it sees what is wrong."""

from dataclasses import replace
from pathlib import Path

import pytest
from image_pipeline import journal
from image_pipeline.report import RunRecord, percentile, problems, row

GOOD = RunRecord("blur", "COMPLETED", retries=1, reassignments=0, completions=1, body_ms=20.0)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, 0.0), ([7.0], 95, 7.0), ([1.0, 2.0, 3.0, 4.0], 50, 2.0), (list(range(1, 101)), 95, 95)],
)
def test_percentiles_by_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


def test_good_books_have_no_problems() -> None:
    assert problems([GOOD, GOOD], planned=2, known=2, missing_files=[]) == []


@pytest.mark.parametrize(
    ("record", "known", "missing", "what"),
    [
        (replace(GOOD, status="FAILED", completions=0), 2, [], "1 runs are not completed"),
        (replace(GOOD, completions=2), 2, [], "not exactly one completion"),
        (GOOD, 1, [], "the engine knows 1"),
        (GOOD, 3, [], "the engine knows 3"),
        (GOOD, 2, ["blur.jpg"], "1 pictures are missing"),
    ],
)
def test_what_is_wrong_is_said(record: RunRecord, known: int, missing: list[str], what: str) -> None:
    (found,) = problems([GOOD, record], planned=2, known=known, missing_files=missing)

    assert what in found


def test_a_row_counts_failures_and_times_only_completed_runs() -> None:
    failed = replace(GOOD, status="FAILED", body_ms=900.0)

    assert row("blur", [GOOD, failed]) == ("blur", "2", "2", "1", "20", "20")


def test_the_journal_tells_bodies_that_were_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "journal.txt"
    monkeypatch.setenv(journal.VARIABLE, str(path))
    with journal.recorded("run-1", 0):
        pass
    with pytest.raises(KeyError), journal.recorded("run-2", 0):
        raise KeyError
    journal.write("begun", "run-2", 1)

    found = journal.read(path)

    assert (found.begun, found.ended, found.raised, found.cut_off) == (3, 1, 1, 1)
    assert found.open_runs == {"run-2"}


def test_outside_the_demo_nothing_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(journal.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with journal.recorded("run-1", 0):
        pass

    assert list(tmp_path.iterdir()) == []
