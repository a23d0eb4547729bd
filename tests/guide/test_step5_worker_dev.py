"""Step 5: `hatchet worker dev`, which brings the token and reloads the worker when the code changes."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from image_pipeline.processes import Process

from tests.support.project import ROOT, Project
from tests.support.waiting import aio_eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
HATCHET = str(Path(sys.executable).with_name("hatchet"))


@pytest.fixture(scope="module")
def dev(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Process:
    """The command, in the project's folder. The token is in a profile; the environment has none."""
    settings = {
        "HATCHET_HOME": str(tmp_path_factory.mktemp("home")),
        "HATCHET_CLIENT_NAMESPACE": project.settings["HATCHET_CLIENT_NAMESPACE"],
        "PYTHONPATH": str(ROOT),
    }
    token = project.settings["HATCHET_CLIENT_TOKEN"]
    add = [HATCHET, "profile", "add", "--name", "here", "--token", "-", "--default"]
    subprocess.run(add, input=token, text=True, check=True, env=settings, capture_output=True)
    return project.start(Process("dev", [HATCHET, "worker", "dev"], settings, project.folder, project.folder))


async def test_it_runs_the_worker_and_reloads_it(project: Project, dev: Process) -> None:
    tasks: ModuleType = project.load("tasks")
    image = tasks.ImageInput(image_url="https://example.com/photo.png", filters=["thumbnail"])
    assert (await tasks.process_image.aio_run(image)).processed_url == "https://cdn.example.com/photo.png"

    changed = (project.folder / "surroundings.py").read_text().replace("cdn.example.com", "pictures.example.com")
    project.write({"surroundings.py": changed})

    async def new_code_runs() -> bool:
        url: str = (await tasks.process_image.aio_run(image)).processed_url
        return url == "https://pictures.example.com/photo.png"

    await aio_eventually(new_code_runs, within_s=30)
    dev.stop()
    assert dev.status == 0
