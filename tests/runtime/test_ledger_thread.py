import asyncio
import threading

import pytest

from hatchet_engine.runtime.ledger_thread import LedgerThread


async def test_calls_run_in_order_on_one_thread_and_close_waits_for_them() -> None:
    thread, seen = LedgerThread(), list[tuple[int, str]]()
    futures = [thread.run(lambda n=n: seen.append((n, threading.current_thread().name)) or n) for n in range(50)]
    await thread.close()
    assert seen == [(n, "hatchet-ledger") for n in range(50)]
    assert await asyncio.gather(*futures) == list(range(50))


async def test_an_error_reaches_who_asked_and_the_thread_goes_on() -> None:
    thread = LedgerThread()
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)
    cancelled = thread.run(lambda: 1)
    cancelled.cancel()
    assert await thread.run(lambda: 2) == 2
    await thread.close()


async def test_a_thread_that_was_never_used_is_closed_at_once() -> None:
    await LedgerThread().close()
