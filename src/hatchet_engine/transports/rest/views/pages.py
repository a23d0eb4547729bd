"""The two ways in which the API counts pages."""

from collections.abc import Sequence
from typing import TypeVar

from hatchet_engine.transports.rest.models.shape import PaginationResponse

T = TypeVar("T")

NO_PAGES = PaginationResponse(current_page=0, next_page=0, num_pages=0)
"""What lists say that are not paged."""


def endless_page(offset: int, limit: int, total: int) -> PaginationResponse:
    """Runs and events: there always is a next page, it may be empty."""
    current = offset // limit + 1
    return PaginationResponse(current_page=current, next_page=current + 1, num_pages=-(-total // limit))


def bounded_page(offset: int, limit: int, total: int) -> PaginationResponse:
    """Workflows and workers: the last page's next page is itself."""
    current = 1 + -(-offset // limit)
    pages = -(-total // limit)
    return PaginationResponse(current_page=current, next_page=min(current + 1, max(pages, current)), num_pages=pages)


def cut(rows: Sequence[T], offset: int, limit: int) -> Sequence[T]:
    """The page of a list that is in memory."""
    return rows[offset : offset + limit]
