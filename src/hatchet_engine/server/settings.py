"""The one settings object of a server process. Command line and environment are derived from it."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

WILDCARDS = frozenset({"0.0.0.0", "::", "*", ""})

TlsStrategy = Literal["none", "tls", "mtls"]


class ServerSettings(BaseSettings):
    """Read from `HATCHET_SERVER_*` variables; arguments win."""

    model_config = SettingsConfigDict(env_prefix="HATCHET_SERVER_", frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=Path(".hatchet"),
        description="Folder of the database, the signing key and the default token. Made if absent.",
    )
    database_url: str | None = Field(
        default=None, description="Another database than `hatchet.db` in the data folder, e.g. sqlite:////srv/h.db."
    )
    bind: str = Field(default="127.0.0.1", description="Address to listen on, for gRPC and REST.")
    grpc_port: int = Field(default=7077, ge=0, le=65535, description="gRPC port; 0 takes a free one.")
    rest_port: int = Field(default=8888, ge=0, le=65535, description="REST port; 0 takes a free one.")
    grpc_broadcast_address: str | None = Field(
        default=None, description="`host:port` that clients reach gRPC at, if it is not what we listen on."
    )
    server_url: str | None = Field(
        default=None, description="URL that clients reach REST at, without path, if it is not what we listen on."
    )
    tls_cert_file: Path | None = Field(default=None, description="PEM certificate chain for gRPC; turns TLS on.")
    tls_key_file: Path | None = Field(default=None, description="PEM private key of the certificate.")
    tls_root_ca_file: Path | None = Field(
        default=None, description="PEM certificates that sign clients'; turns mutual TLS on."
    )
    token_ttl_days: int = Field(default=90, ge=1, le=36_500, description="Life of an issued API token, in days.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_format: Literal["text", "json"] = Field(default="text", description="One line of text or JSON a record.")
    shutdown_grace_s: float = Field(default=5.0, ge=0, description="Seconds that running calls get at a shutdown.")
    stream_backlog_bytes: int = Field(
        default=64 * 1024 * 1024, ge=1024, description="Bytes that may wait for a client that has stopped reading."
    )
    stream_patience_s: float = Field(
        default=5.0, gt=0, description="Seconds after which a client that takes none of them is disconnected."
    )

    @model_validator(mode="after")
    def _tls_is_complete(self) -> "ServerSettings":
        if (self.tls_cert_file is None) != (self.tls_key_file is None):
            raise ValueError("tls_cert_file and tls_key_file go together; give both or neither")
        if self.tls_root_ca_file is not None and self.tls_cert_file is None:
            raise ValueError("tls_root_ca_file asks for client certificates; that needs tls_cert_file and tls_key_file")
        return self

    @property
    def tls_strategy(self) -> TlsStrategy:
        """As clients name it."""
        if self.tls_cert_file is None:
            return "none"
        return "tls" if self.tls_root_ca_file is None else "mtls"

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'hatchet.db'}"

    @property
    def public_host(self) -> str:
        """What a client on this machine puts into an address."""
        host = "127.0.0.1" if self.bind in WILDCARDS else self.bind
        return f"[{host}]" if ":" in host else host
