"""Our adapter laid over a copy of the shared bench, which knows many more systems; that folder stays as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchlib.stage import ROOT

CATALOG = '''"""The shared catalogue with our entries and our server."""
from benchlib import servers
from server_hatchet import HatchetServer
from shared_catalog import VARIANTS as SHARED
from shared_catalog import Variant
from variants_hatchet import hatchet_variants

servers.KINDS["hatchet"] = HatchetServer
VARIANTS = [*SHARED, *hatchet_variants(Variant)]
BY_NAME = {variant.name: variant for variant in VARIANTS}
'''
OURS = ("peer_hatchet.py", "server_hatchet.py", "variants_hatchet.py")


def shared_bench() -> Path | None:
    """$BENCH_SHARED, or ../shared/bench beside the checkout; None where there is none."""
    given = os.environ.get("BENCH_SHARED")
    folder = Path(given) if given else ROOT.parent.parent / "shared" / "bench"
    return folder if (folder / "run.py").exists() else None


def lay(shared: Path, target: Path) -> None:
    """Make `target` a bench checkout that also knows our system."""
    shutil.copytree(shared, target, ignore=shutil.ignore_patterns("out", "__pycache__", "results-*"))
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)  # the shared folder may be read only
    peers = target / "peers"
    (peers / "catalog.py").rename(peers / "shared_catalog.py")
    (peers / "catalog.py").write_text(CATALOG)
    for name in OURS:
        shutil.copy(ROOT / "peers" / name, peers / name)


def run_shared(shared: Path, target: Path, arguments: list[str], script: str = "run.py") -> int:
    """Run the shared bench with our system in its catalogue; returns its exit status."""
    lay(shared, target)
    return subprocess.run([sys.executable, str(target / script), *arguments], check=False).returncode
