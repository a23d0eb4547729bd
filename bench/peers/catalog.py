"""What this bench can measure without anything else: our engine, and Celery on Redis as the yardstick."""

from dataclasses import dataclass, field

from variants_hatchet import hatchet_variants


@dataclass
class Variant:
    """One measured system with its settings. Worker commands are argv templates; {bin} is its bin folder."""

    name: str
    venv: str
    module: str
    servers: tuple[str, ...]
    workers: list[list[str]]
    env: dict[str, str] = field(default_factory=dict)
    n_single: int = 5000
    n_bulk: int = 10_000
    latency_n: int = 500
    fan: tuple[tuple[int, int], ...] = ((100, 5), (1000, 2))
    chain_n: int = 30
    settle_s: float = 2.0
    warm: int = 200
    note: str = ""


CELERY = [
    "{bin}/celery", "-A", "peer_celery", "worker", "-Q", "bench", "-l", "ERROR",
    "-P", "prefork", "-c", "2", "--prefetch-multiplier", "4",
]  # fmt: skip

VARIANTS = [
    Variant(
        "celery-redis",
        "celery",
        "peer_celery",
        ("redis",),
        [CELERY],
        n_single=4000,
        n_bulk=4000,
        note="prefork -c 2, prefetch 4, acks early (the default); Redis with AOF everysec",
    ),
    *hatchet_variants(Variant),
]
BY_NAME = {variant.name: variant for variant in VARIANTS}
