"""`hatchet server start` as a process, and what its data directory is good for meanwhile and afterwards."""

import json
import logging
import os
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hatchet_cli.profiles import ProfileFile
from tests.cli.conftest import Cli
from tests.cli.programs import Shop

FREE_PORTS = ("--grpc-port", "0", "--rest-port", "0")


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A server that is started in this process takes over the logs."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What a running server said about itself."""
    shop = Shop(tmp_path_factory.mktemp("server"))
    yield shop.server().ready()
    shop.close()


def status(ready: dict[str, Any], token: str) -> int:
    """The status of a call with this token."""
    url = f"{ready['rest']}/api/v1/tenants/{ready['tenant_id']}/worker"
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False).status_code


def ports_of(ready: dict[str, Any]) -> tuple[str, ...]:
    """The options that give a server the ports of another."""
    return ("--grpc-port", ready["grpc"].rpartition(":")[2], "--rest-port", ready["rest"].rpartition(":")[2])


def test_an_ephemeral_server_says_where_it_is_and_leaves_nothing(shop: Shop) -> None:
    server = shop.start("server", "start", "--ephemeral", "--json")
    ready = server.ready()
    assert len(server.stdout.splitlines()) == 1
    assert ready["pid"] == server.process.pid
    assert status(ready, ready["token"]) == 200
    assert status(ready, ready["token"] + "x") == 403
    assert Path(ready["data_dir"], "hatchet.db").is_file()
    assert server.stop() == 0
    assert not Path(ready["data_dir"]).exists()
    assert not Path(ready["token_desk"]).exists()
    assert not (shop.place / "home").exists()


def test_the_first_start_says_what_to_do_next_and_writes_the_profile(shop: Shop) -> None:
    server = shop.start("server", "start", *FREE_PORTS)
    server.wait_for("Ctrl+C")
    for text in ("hatchet worker dev", "hatchet trigger", "hatchet runs list", str(shop.place / ".hatchet")):
        assert text in server.stdout
    file = ProfileFile(shop.place / "home")
    profile = file.load().named("local")
    assert profile.rest in server.stdout
    assert profile.grpc in server.stdout
    assert file.load().default == "local"
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert shop.answer("worker", "list")["rows"] == []
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.stderr


def test_a_second_server_on_the_same_data_is_told_who_has_it(cli: Cli, ready: dict[str, Any]) -> None:
    for ports in (FREE_PORTS, ports_of(ready)):
        second = cli.failure("server", "start", "--data-dir", ready["data_dir"], *ports)
        assert second.exit_code == 1
        assert f"process {ready['pid']}" in second.stderr
        assert ready["rest"] in second.stderr
        assert "--data-dir" in second.stderr
    as_json = cli.failure("server", "start", "--data-dir", ready["data_dir"], *FREE_PORTS, "--json")
    assert str(ready["pid"]) in json.loads(as_json.stdout)["error"]


@pytest.mark.parametrize("option", ["--grpc-port", "--rest-port"])
def test_a_port_in_use_is_named_with_its_option(cli: Cli, option: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = cli.failure("server", "start", *FREE_PORTS, option, port)
    assert refused.exit_code == 1
    assert f"port {port}" in refused.stderr
    assert option in refused.stderr


def test_any_port_takes_another_one(shop: Shop, ready: dict[str, Any]) -> None:
    moved = shop.start("server", "start", "--json", "--any-port", *ports_of(ready)).ready()
    assert moved["rest"] != ready["rest"]
    assert moved["grpc"] != ready["grpc"]


def test_an_address_that_is_not_ours(cli: Cli) -> None:
    for words in ((), ("--any-port",)):
        refused = cli.failure("server", "start", "--bind", "192.0.2.1", *words)
        assert "192.0.2.1" in refused.stderr
        assert "--bind" in refused.stderr


def test_a_data_directory_that_cannot_be_made(cli: Cli) -> None:
    Path("file").write_text("")
    refused = cli.failure("server", "start", *FREE_PORTS, "--data-dir", "file/data")
    assert refused.exit_code == 1
    assert "file/data" in refused.stderr


def test_a_data_directory_that_cannot_be_written(cli: Cli) -> None:
    place = Path("locked").absolute()
    place.mkdir(mode=0o500)
    if os.access(place, os.W_OK):  # root may write everywhere, but not there
        place = Path("/sys/hatchet")
    refused = cli.failure("server", "start", *FREE_PORTS, "--data-dir", str(place))
    assert refused.exit_code == 1
    assert str(place) in refused.stderr
    assert "--data-dir" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--grpc-port", "70000"), "--grpc-port"),
        (("--log-level", "loud"), "log_level"),
        (("--tls-cert-file", "cert.pem"), "tls_key_file"),
    ],
)
def test_wrong_settings_are_usage_errors(cli: Cli, words: tuple[str, ...], said: str) -> None:
    refused = cli.failure("server", "start", *words)
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_a_wrong_variable_is_a_usage_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HATCHET_SERVER_REST_PORT", "many")
    assert "rest_port" in cli.failure("server", "start").stderr


def test_a_killed_server_starts_again_with_the_same_token(
    shop: Shop, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HATCHET_HOME", str(shop.place / "home"))
    first = shop.server("--data-dir", "data")
    ready = first.ready()
    first.kill()

    gone = cli.failure("worker", "list")
    assert ready["rest"] in gone.stderr
    assert "hatchet server start" in gone.stderr

    again = shop.start("server", "start", "--json", "--data-dir", "data", *ports_of(ready)).ready()
    assert again["token"] == ready["token"]
    assert cli.document("worker", "list")["rows"] == []


def test_commands_find_the_server_of_their_directory(
    cli: Cli, ready: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.failure("profile", "show").exit_code == 1
    monkeypatch.chdir(Path(ready["data_dir"]).parent)
    assert cli.document("profile", "show")["rest"] == ready["rest"]
    assert cli.document("worker", "list")["rows"] == []


def test_a_server_needs_no_home_and_warns_when_it_listens_everywhere(shop: Shop) -> None:
    (shop.place / "home").write_text("a file, not a directory")
    server = shop.start("server", "start", *FREE_PORTS, "--bind", "0.0.0.0")
    server.wait_for("without TLS")
    assert "No profile was written" in server.stderr
    assert server.stop() == 0


def certificate(place: Path) -> tuple[str, str]:
    """A self-signed certificate and its key, as files."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = place / "cert.pem", place / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_file.write_bytes(key.private_bytes(*plain))
    return str(cert_file), str(key_file)


def test_tls_is_noted_in_the_profile(shop: Shop) -> None:
    cert, key = certificate(shop.place)
    words = ("--tls-cert-file", cert, "--tls-key-file", key, "--tls-root-ca-file", cert)
    assert shop.server(*words).ready()["tls_strategy"] == "mtls"
    assert ProfileFile(shop.place / "home").load().named("local").tls_strategy == "mtls"


def test_tokens_of_a_running_server_take_effect_at_once(cli: Cli, ready: dict[str, Any]) -> None:
    place = ("--data-dir", ready["data_dir"])
    made = cli.document("token", "create", "--name", "ci", "--expires", "1h", *place)
    assert status(ready, made["token"]) == 200
    rows = cli.document("token", "list", *place)["rows"]
    assert [(row["name"], row["state"]) for row in rows] == [("default", "active"), ("ci", "active")]
    cli.ok("token", "revoke", made["id"], *place)
    assert status(ready, made["token"]) == 403
    assert "revoked" in cli.ok("token", "list", *place).stdout
    again = cli.failure("token", "revoke", made["id"], *place)
    assert again.exit_code == 1
    assert "hatchet token list" in again.stderr


def test_tokens_of_a_stopped_server(shop: Shop, cli: Cli) -> None:
    first = shop.server("--data-dir", "data")
    ready = first.ready()
    assert first.stop() == 0
    place = ("--data-dir", ready["data_dir"])
    kept = cli.document("token", "create", "--name", "kept", *place)
    lost = cli.document("token", "create", "--name", "lost", *place)
    cli.ok("token", "revoke", lost["id"], *place)
    assert cli.failure("token", "revoke", lost["id"], *place).exit_code == 1
    states = {row["name"]: row["state"] for row in cli.document("token", "list", *place)["rows"]}
    assert states == {"default": "active", "kept": "active", "lost": "revoked"}
    shop.start("server", "start", "--json", *place, *ports_of(ready)).ready()
    assert status(ready, kept["token"]) == 200
    assert status(ready, lost["token"]) == 403


def test_tokens_need_the_data_of_a_server(cli: Cli) -> None:
    missing = cli.failure("token", "list")
    assert missing.exit_code == 1
    assert "--data-dir" in missing.stderr
    assert not Path(".hatchet").exists()


def test_a_token_of_no_time_is_refused(cli: Cli, ready: dict[str, Any]) -> None:
    assert cli.failure("token", "create", "--expires", "0s", "--data-dir", ready["data_dir"]).exit_code == 2
    assert cli.failure("token", "create", "--expires", "soon", "--data-dir", ready["data_dir"]).exit_code == 2


def test_doctor_looks_at_a_running_server(cli: Cli, ready: dict[str, Any]) -> None:
    diagnosis = cli.document("doctor", "--data-dir", ready["data_dir"])
    assert diagnosis["ok"]
    assert diagnosis["tenants"][0]["name"] == "Default"
    assert "No findings" in cli.ok("doctor", "--data-dir", ready["data_dir"]).stdout


def test_a_token_desk_that_is_gone(cli: Cli, ready: dict[str, Any]) -> None:
    """The last test of the module: it breaks the server that they share."""
    Path(ready["token_desk"]).unlink()
    gone = cli.failure("token", "list", "--data-dir", ready["data_dir"])
    assert "cannot be asked" in gone.stderr
