"""Where settings come from, and which of them wins."""

import logging
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hatchet_sdk import ClientConfig, ClientTLSConfig, Hatchet, OpenTelemetryConfig, OTelAttribute
from hatchet_sdk.config import HealthcheckConfig, HTTPMethod, TenacityConfig
from tests.sdk_api.tokens import HOST_PORT, SERVER_URL, TENANT, token


def test_everything_comes_from_the_token() -> None:
    config = ClientConfig(token=token())
    assert (config.tenant_id, config.host_port, config.server_url) == (TENANT, HOST_PORT, SERVER_URL)
    assert config.tls_config.server_name == "127.0.0.1"


def test_the_environment_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATCHET_CLIENT_TOKEN", token())
    assert Hatchet().tenant_id == TENANT


@pytest.mark.parametrize(
    ("given", "host_port", "server_url"),
    [
        ({"host_port": "engine:1"}, "engine:1", SERVER_URL),
        ({"server_url": "http://rest"}, HOST_PORT, "http://rest"),
        ({"host_port": "engine:1", "server_url": "http://rest"}, "engine:1", "http://rest"),
        # Also when what was given is the default.
        ({"host_port": "localhost:7070"}, "localhost:7070", SERVER_URL),
    ],
)
def test_what_was_given_wins_over_the_token(given: dict[str, Any], host_port: str, server_url: str) -> None:
    config = ClientConfig(token=token(), **given)
    assert (config.host_port, config.server_url) == (host_port, server_url)


def test_arguments_win_over_the_environment_over_files_over_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("HATCHET_CLIENT_HOST_PORT=file:1\nHATCHET_CLIENT_NAMESPACE=file\nUNKNOWN=1\n")
    assert ClientConfig(token=token()).host_port == "file:1"
    monkeypatch.setenv("HATCHET_CLIENT_HOST_PORT", "environment:1")
    assert ClientConfig(token=token()).host_port == "environment:1"
    config = ClientConfig(token=token(), host_port="argument:1")
    assert (config.host_port, config.namespace) == ("argument:1", "file_")


def test_later_files_win(tmp_path: Path) -> None:
    for number, name in enumerate((".env", ".env.hatchet", ".env.dev", ".env.local")):
        (tmp_path / name).write_text(f"HATCHET_CLIENT_NAMESPACE=n{number}\n")
        assert ClientConfig(token=token()).namespace == f"n{number}_"


def test_an_address_in_the_environment_also_wins_over_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATCHET_CLIENT_SERVER_URL", "http://elsewhere")
    config = ClientConfig(token=token())
    assert (config.server_url, config.host_port) == ("http://elsewhere", HOST_PORT)


def test_a_token_is_needed() -> None:
    with pytest.raises(ValueError, match="Token must be set"):
        ClientConfig()


def test_a_token_that_is_none_is_named_by_its_start_only() -> None:
    with pytest.raises(ValueError, match="secre") as caught:
        ClientConfig(token="secret-password")
    assert "password" not in str(caught.value)


@pytest.mark.parametrize("text", ["eyJ", "ey.ey", "ey.!!!.x", token(sub=None), token(server_url=3)])
def test_a_token_without_the_claims_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="token"):
        ClientConfig(token=text)


@pytest.mark.parametrize(("namespace", "prefix"), [("Team", "team_"), ("team_", "team_"), ("", ""), ("A_B", "a_b_")])
def test_namespaces_are_prefixes(namespace: str, prefix: str) -> None:
    config = ClientConfig(token=token(), namespace=namespace)
    assert config.namespace == prefix
    assert config.apply_namespace("Job") == f"{prefix}Job"
    assert config.apply_namespace(f"{prefix}Job") == f"{prefix}Job"
    assert config.apply_namespace("Job", "other_") == "other_Job"
    assert config.apply_namespace(None) is None


def test_nested_settings_have_prefixes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TLS_STRATEGY": "none",
        "WORKER_HEALTHCHECK_ENABLED": "true",
        "WORKER_HEALTHCHECK_PORT": "9000",
        "WORKER_HEALTHCHECK_EVENT_LOOP_BLOCK_THRESHOLD_SECONDS": "2.5s",
        "WORKER_HEALTHCHECK_BIND_ADDRESS": "none",
        "OPENTELEMETRY_EXCLUDED_ATTRIBUTES": '["payload"]',
        "TENACITY_MAX_ATTEMPTS": "2",
        "TENACITY_RETRY_TRANSPORT_METHODS": '["POST"]',
        "WORKER_PRESET_LABELS": '{"zone": "eu"}',
        "TERMINATE_WORKER_AFTER_NUM_TASKS": "7",
        "FORCE_SHUTDOWN_ON_SHUTDOWN_SIGNAL": "true",
    }.items():
        monkeypatch.setenv(f"HATCHET_CLIENT_{name}", value)
    config = ClientConfig(token=token())
    assert config.tls_config.strategy == "none"
    assert config.healthcheck == HealthcheckConfig(
        enabled=True, port=9000, event_loop_block_threshold_seconds=timedelta(seconds=2.5), bind_address=None
    )
    assert config.otel.excluded_attributes == [OTelAttribute.ACTION_PAYLOAD]
    assert (config.tenacity.max_attempts, config.tenacity.retry_transport_methods) == (2, [HTTPMethod.POST])
    assert config.worker_preset_labels == {"zone": "eu"}
    assert config.terminate_worker_after_num_tasks == 7
    assert config.force_shutdown_on_shutdown_signal


def test_defaults() -> None:
    config = ClientConfig(token=token())
    assert config.logger is logging.getLogger()
    assert config.tenacity == TenacityConfig(
        max_attempts=5, retry_transport_methods=[HTTPMethod.GET, HTTPMethod.DELETE]
    )
    assert config.grpc_max_recv_message_length == config.grpc_max_send_message_length == 4 * 1024 * 1024
    assert config.otel == OpenTelemetryConfig()
    assert config.tls_config.strategy == "tls"
    assert (config.log_queue_size, config.debug, config.namespace) == (1000, False, "")


@pytest.mark.parametrize("settings", [{"strategy": "ssl"}, {"strategy": "mtls", "cert_file": "a", "key_file": "b"}])
def test_impossible_tls_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="strategy"):
        ClientTLSConfig(**settings)


@pytest.mark.parametrize(("value", "expected"), [("true", "1"), ("false", "None"), ("", "None")])
def test_fork_support_of_grpc_is_switched_before_it_is_loaded(value: str, expected: str) -> None:
    script = "import os, hatchet_sdk; print(os.environ.get('GRPC_ENABLE_FORK_SUPPORT'))"
    clean = {name: text for name, text in os.environ.items() if not name.startswith("GRPC_")}
    shown = subprocess.run(
        [sys.executable, "-c", script],
        env={**clean, "HATCHET_CLIENT_GRPC_ENABLE_FORK_SUPPORT": value},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert shown.strip() == expected


def test_old_arguments_of_the_client_warn() -> None:
    config = ClientConfig(token=token())
    with pytest.warns(DeprecationWarning, match="debug"):
        made = Hatchet(debug=False, config=config)
    with pytest.warns(DeprecationWarning, match="client"):
        assert Hatchet(client=made._client).config is config
