"""Our entries of the catalogue. `Variant` is given, so that they also fit the catalogue of a shared bench."""

WORKER = [["{bin}/python", "-m", "peer_hatchet"]]
COMMON = {"n_single": 8000, "n_bulk": 30_000, "settle_s": 1.0}


def hatchet_variants(variant_class):
    def one(name, client, note):
        return variant_class(
            name, "hatchet", "peer_hatchet", ("hatchet",), WORKER, {"BENCH_HATCHET_CLIENT": client}, note=note, **COMMON
        )

    engine = (
        "1 worker process, async tasks, pydantic input, SQLite with synchronous=FULL, acknowledged after the commit"
    )
    return [
        one("hatchet", "async", f"async client; bulk = 200 aio_run calls in flight. {engine}"),
        one("hatchet-sync", "sync", f"blocking client; bulk = run_many of 1000. {engine}"),
        one(
            "hatchet-pipelined",
            "pipelined",
            f"async client; one by one = 200 unacknowledged runs at most; bulk = 4 aio_run_many of 1000. {engine}",
        ),
    ]
