"""Tokens that were good and no longer are."""

from collections.abc import Iterator

import pytest

from tests.engine_rest.rig import Rig


@pytest.fixture
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    running = Rig(tmp_path_factory.mktemp("tokens"))
    try:
        yield running
    finally:
        running.close()


def status(rig: Rig) -> int:
    return rig.http.get(f"/api/v1/tenants/{rig.tenant}/workflows").status_code


def test_an_expired_token_is_refused(rig: Rig) -> None:
    assert status(rig) == 200
    rig.clock.advance(49 * 3600)
    assert status(rig) == 403


def test_a_revoked_token_is_refused_from_the_next_request_on(rig: Rig) -> None:
    assert status(rig) == 200
    assert rig.revoke(rig.token_id)
    assert status(rig) == 403
