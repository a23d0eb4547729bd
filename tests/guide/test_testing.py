"""Testing migrated tasks: the reader's own tests, without an engine."""

import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from hatchet_sdk import Context, EmptyModel, Hatchet
from tests.guide import project as guide
from tests.support.project import ROOT

NOWHERE = "127.0.0.1:1"


@pytest.fixture
def token() -> str:
    """Well-formed, so that a client can be made; nothing listens at its address."""
    claims = {"sub": "none", "server_url": f"http://{NOWHERE}", "grpc_broadcast_address": NOWHERE}
    return jwt.encode(claims, "a secret that nobody checks in this test", algorithm="HS256")


def test_the_printed_tests_pass_without_an_engine(tmp_path: Path, token: str) -> None:
    for name, text in {**guide.files(), "test_tasks.py": guide.snippet("testing")}.items():
        (tmp_path / name).write_text(text)
    environment = {"HATCHET_CLIENT_TOKEN": token, "PYTHONPATH": f"{ROOT}:{tmp_path}", "PATH": "/usr/bin:/bin"}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-o",
        "asyncio_mode=auto",
        "-p",
        "no:cacheprovider",
        "test_tasks.py",
    ]

    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert "3 passed" in result.stdout, result.stdout + result.stderr


@pytest.fixture
def hatchet(token: str, monkeypatch: pytest.MonkeyPatch) -> Hatchet:
    monkeypatch.setenv("HATCHET_CLIENT_TOKEN", token)
    return Hatchet()


async def test_the_wrong_kind_of_mock_is_refused(hatchet: Hatchet) -> None:
    @hatchet.task()
    async def asynchronous(input: EmptyModel, ctx: Context) -> dict[str, str]:
        return {}

    @hatchet.task()
    def synchronous(input: EmptyModel, ctx: Context) -> dict[str, str]:
        return {}

    with pytest.raises(TypeError):
        asynchronous.mock_run()
    with pytest.raises(TypeError):
        await synchronous.aio_mock_run()
