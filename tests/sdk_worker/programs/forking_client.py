"""Uses one connection before, during and after forks; prints what each side got.

Arguments: host:port of the engine, name of the scenario.
"""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hatchet_sdk.blocking import blocking
from hatchet_sdk.config import ClientConfig, ClientTLSConfig
from hatchet_sdk.transport.connection import Connection, TriggerSpec


class Client:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def aio_run(self, workflow: str) -> str:
        run_ids = await self._connection.trigger([TriggerSpec(workflow, "{}", "")], subscribe=True)
        return (await self._connection.outcome(run_ids[0])).tasks[0].output

    run = blocking(aio_run)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def in_child(work: Callable[[], str]) -> str:
    """What `work` returns, or how it failed, in a forked child."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = work()
        except BaseException as error:
            answer = f"failed: {error!r}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    os.waitpid(pid, 0)
    return answer


def used_before(client: Client) -> list[str]:
    return [client.run("w:t"), in_child(lambda: client.run("w:child")), client.run("w:t")]


def unused_before(client: Client) -> list[str]:
    return [in_child(lambda: client.run("w:child")), client.run("w:t")]


def twice(client: Client) -> list[str]:
    def child() -> str:
        return client.run("w:child") + in_child(lambda: client.run("w:grandchild"))

    return [client.run("w:t"), in_child(child), client.run("w:t")]


def while_others_wait(client: Client) -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(client.run, "w:slow") for _ in range(8)]
        say("waiting")
        sys.stdin.readline()
        first = in_child(lambda: client.run("w:child"))
        say("forked")
        return [first, *(future.result() for future in waiting)]


def main() -> None:
    address, scenario = sys.argv[1:]
    config = ClientConfig(token=os.environ["TOKEN"], host_port=address, tls_config=ClientTLSConfig(strategy="none"))
    scenarios = {work.__name__: work for work in (used_before, unused_before, twice, while_others_wait)}
    say(str(scenarios[scenario](Client(Connection(config)))))


if __name__ == "__main__":
    main()
