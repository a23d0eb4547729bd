"""A client's new stream ends its older one, so that what was sent again on the new one cannot come late on the old."""

import grpc

from hatchet_wire.session.session_pb2 import Trigger
from tests.engine_grpc.peers import ClientPeer
from tests.engine_grpc.wire import Wire


async def test_a_new_stream_of_the_same_client_ends_the_older_one(wire: Wire) -> None:
    older = await ClientPeer(wire).connect("client-a")
    await ClientPeer(wire).connect("client-a")
    assert await older.ended() is grpc.StatusCode.ABORTED


async def test_other_clients_and_nameless_ones_keep_their_streams(wire: Wire) -> None:
    await wire.register_workflow()
    peers = [await ClientPeer(wire).connect(name) for name in ("client-a", "client-b", "", "")]
    for number, peer in enumerate(peers):
        item = Trigger(run_id=f"0000000{number}-0000-7000-8000-000000000000", workflow="simple")
        await peer.trigger(1, item)
        assert await peer.verdict(1) == "accepted"
