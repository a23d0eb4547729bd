"""Injected parameters do not change the type of the task."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Annotated, assert_type

from pydantic import BaseModel

from hatchet_sdk import Context, Depends, EmptyModel, Hatchet
from hatchet_sdk.runnables.workflow import Standalone


class Out(BaseModel):
    b: int


hatchet = Hatchet()


def plain(input: EmptyModel, ctx: Context) -> int:
    return 1


async def coroutine(input: EmptyModel, ctx: Context, one: Annotated[int, Depends(plain)]) -> str:
    return str(one)


@contextmanager
def manager(input: EmptyModel, ctx: Context) -> Iterator[float]:
    yield 1.0


@asynccontextmanager
async def async_manager(input: EmptyModel, ctx: Context) -> AsyncIterator[bytes]:
    yield b""


@hatchet.task()
async def task(
    input: EmptyModel,
    ctx: Context,
    a: Annotated[int, Depends(plain)],
    b: Annotated[str, Depends(coroutine)],
    c: Annotated[float, Depends(manager)],
    d: Annotated[bytes, Depends(async_manager)],
) -> Out:
    return Out(b=a)


assert_type(task, Standalone[EmptyModel, Out])
assert_type(task.run(), Out)
