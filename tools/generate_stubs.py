"""Generate the Python stubs of `contracts/` under a folder: `python tools/generate_stubs.py src`.

The versions of the generators are pinned in pyproject.toml (`dev`), since their output names them.
tests/test_contracts.py checks that what is committed is what this writes.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONTRACTS = ROOT / "contracts"


def generate(target: Path) -> None:
    """Write the stubs of every contract under `target`.

    Raises:
        subprocess.CalledProcessError: the compiler refused a contract; what it said is on stderr.
    """
    protos = sorted(str(path.relative_to(CONTRACTS)) for path in CONTRACTS.rglob("*.proto"))
    outputs = [f"--{plugin}_out={target.resolve()}" for plugin in ("python", "grpc_python", "mypy", "mypy_grpc")]
    scripts = str(Path(sys.executable).parent)  # where pip put protoc-gen-mypy
    environment = {**os.environ, "PATH": scripts + os.pathsep + os.environ.get("PATH", "")}
    command = [sys.executable, "-m", "grpc_tools.protoc", "--proto_path=.", *outputs, *protos]
    subprocess.run(command, cwd=CONTRACTS, env=environment, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    generate(Path(sys.argv[1]))
