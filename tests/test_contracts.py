"""What is committed under hatchet_wire is what contracts/ generates."""

from pathlib import Path

from tools.generate_stubs import ROOT, generate


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.suffix in (".py", ".pyi") and path.name != "__init__.py"
    }


def test_the_stubs_are_what_the_contracts_generate(tmp_path: Path) -> None:
    generate(tmp_path)

    fresh, committed = contents(tmp_path / "hatchet_wire"), contents(ROOT / "src" / "hatchet_wire")
    assert sorted(committed) == sorted(fresh)
    assert [name for name in fresh if committed[name] != fresh[name]] == [], "run `make proto`"
