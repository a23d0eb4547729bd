"""Settings of a client: constructor arguments, then environment variables, then dotenv files, then the token."""

import json
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from logging import DEBUG, Logger, getLogger
from typing import Annotated, Any, overload

import tenacity
from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from hatchet_sdk.jwt_claims import read_claims
from hatchet_sdk.logger import logger as sdk_logger
from hatchet_sdk.utils.opentelemetry import OTelAttribute

DEFAULT_HOST_PORT = "localhost:7070"
_MIB = 1024 * 1024


def _settings(prefix: str) -> SettingsConfigDict:
    return SettingsConfigDict(
        env_prefix=prefix,
        env_file=(".env", ".env.hatchet", ".env.dev", ".env.local"),
        extra="ignore",
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,  # an error must not print the token
    )


class HTTPMethod(StrEnum):
    """Method names for `TenacityConfig.retry_transport_methods`."""

    GET = "GET"
    DELETE = "DELETE"
    POST = "POST"
    PUT = "PUT"
    PATCH = "PATCH"
    HEAD = "HEAD"
    OPTIONS = "OPTIONS"


class ClientTLSConfig(BaseSettings):
    """Encryption of the gRPC connection. Environment prefix: HATCHET_CLIENT_TLS_.

    Args:
        strategy: `tls` (verify the server), `mtls` (also present a certificate) or `none` (plain text).
        cert_file: path of the client certificate (mtls).
        key_file: path of its key (mtls).
        root_ca_file: path of the certificates to trust; None: those of the system.
        server_name: name to expect in the server's certificate; empty: the host of `host_port`.
    """

    model_config = _settings("HATCHET_CLIENT_TLS_")

    strategy: str = "tls"
    cert_file: str | None = None
    key_file: str | None = None
    root_ca_file: str | None = None
    server_name: str = ""

    @model_validator(mode="after")
    def _files_of_the_strategy(self) -> "ClientTLSConfig":
        if self.strategy not in ("tls", "mtls", "none"):
            raise ValueError(f"the TLS strategy must be tls, mtls or none, not {self.strategy!r}")
        if self.strategy == "mtls" and not (self.root_ca_file and self.cert_file and self.key_file):
            raise ValueError("the TLS strategy mtls needs root_ca_file, cert_file and key_file")
        return self


class HealthcheckConfig(BaseSettings):
    """The worker's health endpoint. Environment prefix: HATCHET_CLIENT_WORKER_HEALTHCHECK_.

    Args:
        port: TCP port.
        enabled: whether the worker opens it.
        event_loop_block_threshold_seconds: an event loop that is blocked longer counts as unhealthy; a number of
            seconds, also as text with a trailing `s`.
        bind_address: address to listen on; None: all of them.
    """

    model_config = _settings("HATCHET_CLIENT_WORKER_HEALTHCHECK_")

    port: int = 8001
    enabled: bool = False
    event_loop_block_threshold_seconds: timedelta = timedelta(seconds=5)
    bind_address: str | None = "0.0.0.0"

    @field_validator("event_loop_block_threshold_seconds", mode="before")
    @classmethod
    def _seconds(cls, value: Any) -> Any:
        if isinstance(value, str):
            return timedelta(seconds=float(value.strip().removesuffix("s")))
        return timedelta(seconds=value) if isinstance(value, int | float) else value

    @field_validator("bind_address", mode="before")
    @classmethod
    def _no_address(cls, value: Any) -> Any:
        return None if isinstance(value, str) and value.strip().lower() in ("", "none") else value


class OpenTelemetryConfig(BaseSettings):
    """What spans contain. Environment prefix: HATCHET_CLIENT_OPENTELEMETRY_.

    Args:
        excluded_attributes: attributes to leave out.
        include_task_name_in_start_step_run_span_name: append the task's name to the span name.
        individual_run_spans_for_bulk_run: one span for each item of a bulk run.
    """

    model_config = _settings("HATCHET_CLIENT_OPENTELEMETRY_")

    excluded_attributes: list[OTelAttribute] = Field(default_factory=list)
    include_task_name_in_start_step_run_span_name: bool = False
    individual_run_spans_for_bulk_run: bool = False


def tenacity_before_sleep(retry_state: tenacity.RetryCallState) -> None:
    """Log that a call is about to be retried."""
    outcome = retry_state.outcome
    error = outcome.exception() if outcome else None
    sdk_logger.debug("attempt %d failed, retrying: %s", retry_state.attempt_number, error)


class TenacityConfig(BaseSettings):
    """Retries of calls to the engine. Environment prefix: HATCHET_CLIENT_TENACITY_.

    Args:
        max_attempts: attempts in total; 0 or less: one, without retry.
        retry_429: retry REST calls that were answered 429.
        retry_not_found: retry gRPC calls that were answered NOT_FOUND.
        retry_transport_errors: retry REST calls that got no answer.
        retry_transport_methods: for these methods only.
        wait: class of the pause between attempts.
        before_sleep: called before each pause.
    """

    model_config = _settings("HATCHET_CLIENT_TENACITY_")

    max_attempts: int = 5
    retry_429: bool = False
    retry_not_found: bool = False
    retry_transport_errors: bool = False
    retry_transport_methods: list[HTTPMethod] = Field(default_factory=lambda: [HTTPMethod.GET, HTTPMethod.DELETE])
    wait: Annotated[type[tenacity.wait.wait_base], NoDecode] = tenacity.wait_exponential_jitter
    before_sleep: Annotated[Callable[[tenacity.RetryCallState], None], NoDecode] = tenacity_before_sleep


def _labels(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


class ClientConfig(BaseSettings):
    """Settings of a client. Environment prefix: HATCHET_CLIENT_.

    Args:
        token: API token (a JWT); the only setting that is always needed.
        logger: the logger whose records are sent to the log of the running task.
        debug: log the SDK's own doings at DEBUG.
        tenant_id: the tenant; empty: that of the token.
        host_port: gRPC address; not given: that of the token.
        server_url: base URL of the REST API; not given: that of the token.
        namespace: prefix of all names; lower-cased, `_` is appended.
        grpc_max_recv_message_length: largest message to accept, in bytes.
        grpc_max_send_message_length: largest message to send, in bytes.
        worker_preset_labels: labels of every worker.
        terminate_worker_after_num_tasks: the worker stops gracefully after so many task starts.

    Raises:
        ValueError: no token, or one that is not a JWT.
    """

    model_config = _settings("HATCHET_CLIENT_")

    token: str = ""
    logger: Annotated[Logger, NoDecode] = Field(default_factory=getLogger)
    debug: bool = False
    tenant_id: str = ""
    host_port: str = DEFAULT_HOST_PORT
    server_url: str = "https://app.dev.hatchet-tools.com"
    namespace: str = ""
    tls_config: ClientTLSConfig = Field(default_factory=ClientTLSConfig)
    healthcheck: HealthcheckConfig = Field(default_factory=HealthcheckConfig)
    otel: OpenTelemetryConfig = Field(default_factory=OpenTelemetryConfig)
    listener_v2_timeout: int | None = None
    grpc_max_recv_message_length: int = 4 * _MIB
    grpc_max_send_message_length: int = 4 * _MIB
    worker_preset_labels: Annotated[dict[str, str], NoDecode, BeforeValidator(_labels)] = Field(default_factory=dict)
    enable_force_kill_sync_threads: bool = False
    enable_thread_pool_monitoring: bool = False
    terminate_worker_after_num_tasks: int | None = None
    disable_log_capture: bool = False
    log_queue_size: int = 1000
    force_shutdown_on_shutdown_signal: bool = False
    tenacity: TenacityConfig = Field(default_factory=TenacityConfig)

    @field_validator("token")
    @classmethod
    def _token_is_a_jwt(cls, token: str) -> str:
        if not token:
            raise ValueError("Token must be set")
        if not token.startswith("ey"):
            raise ValueError(f"Token must be a valid JWT; it starts with {token[:5]!r}, not with 'ey'")
        return token

    @field_validator("namespace")
    @classmethod
    def _namespace_is_a_prefix(cls, namespace: str) -> str:
        namespace = namespace.lower()
        return namespace + "_" if namespace and not namespace.endswith("_") else namespace

    @model_validator(mode="after")
    def _fill_from_token(self) -> "ClientConfig":
        # An empty token got its own message from the field validator, which does not see defaults.
        claims = read_claims(self._token_is_a_jwt(self.token))
        given = self.model_fields_set
        self.tenant_id = self.tenant_id or claims.sub
        if "host_port" not in given:
            self.host_port = claims.grpc_broadcast_address
        if "server_url" not in given:
            self.server_url = claims.server_url
        if not self.tls_config.server_name:
            self.tls_config.server_name = self.host_port.rsplit(":", 1)[0] or "localhost"
        if self.debug:
            sdk_logger.setLevel(DEBUG)
        return self

    @overload
    def apply_namespace(self, resource_name: str, namespace_override: str | None = None) -> str: ...
    @overload
    def apply_namespace(self, resource_name: None, namespace_override: str | None = None) -> None: ...
    def apply_namespace(self, resource_name: str | None, namespace_override: str | None = None) -> str | None:
        """The name with the namespace in front of it, once.

        Args:
            resource_name: name of a workflow, event, worker, ...; None stays None.
            namespace_override: another prefix than the configured one.
        """
        if resource_name is None:
            return None
        prefix = self.namespace if namespace_override is None else namespace_override
        return resource_name if resource_name.startswith(prefix) else prefix + resource_name
