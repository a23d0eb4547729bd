"""The channel: encryption, credentials, limits. And frames as bytes."""

import datetime
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from hatchet_sdk.config import ClientTLSConfig, TenacityConfig
from hatchet_sdk.transport.channel import channel_options
from hatchet_sdk.transport.connection import Connection, TriggerSpec
from hatchet_sdk.transport.frames import bundles, field
from hatchet_wire.session import session_pb2 as pb
from tests.sdk_worker.fake_engine import FakeEngine

SERVER_NAME = "engine.example"
PEM = serialization.Encoding.PEM


@dataclass
class Identity:
    """A certificate with its key, as PEM."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certify(name: str, issuer: Identity | None = None) -> Identity:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
    )
    return Identity(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


class Authority:
    """Certificates of one authority, as files."""

    def __init__(self, folder: Path) -> None:
        self.root = certify("authority")
        self.server = certify(SERVER_NAME, self.root)
        client = certify("client", self.root)
        self.files: dict[str, str] = {}
        for name, content in {
            "root_ca_file": self.root.pem,
            "cert_file": client.pem,
            "key_file": client.key_pem,
        }.items():
            path = folder / f"{name}.pem"
            path.write_bytes(content)
            self.files[name] = str(path)

    def credentials(self, demand_client_certificate: bool) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials(
            [(self.server.key_pem, self.server.pem)],
            self.root.pem if demand_client_certificate else None,
            demand_client_certificate,
        )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


MakeEngine = Callable[..., FakeEngine]
Connect = Callable[..., Connection]


async def test_tls_verifies_the_server(make_engine: MakeEngine, connect: Connect, authority: Authority) -> None:
    engine = make_engine(credentials=authority.credentials(False))
    tls = ClientTLSConfig(strategy="tls", root_ca_file=authority.files["root_ca_file"], server_name=SERVER_NAME)
    assert len(await connect(engine, tls_config=tls).trigger([TriggerSpec("w", "{}", "")])) == 1


@pytest.mark.parametrize("wrong", ["authority", "name"])
async def test_tls_refuses_another_server(
    make_engine: MakeEngine, connect: Connect, authority: Authority, tmp_path: Path, wrong: str
) -> None:
    engine = make_engine(credentials=authority.credentials(False))
    (tmp_path / "other").mkdir()
    trusted = Authority(tmp_path / "other") if wrong == "authority" else authority
    tls = ClientTLSConfig(
        strategy="tls",
        root_ca_file=trusted.files["root_ca_file"],
        server_name="other.example" if wrong == "name" else SERVER_NAME,
    )
    connection = connect(engine, tls_config=tls, tenacity=TenacityConfig(max_attempts=1))
    with pytest.raises(grpc.RpcError) as refused:
        await connection.trigger([TriggerSpec("w", "{}", "")])
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE and engine.runs == {}


async def test_mtls_presents_a_certificate(make_engine: MakeEngine, connect: Connect, authority: Authority) -> None:
    engine = make_engine(credentials=authority.credentials(True))
    mtls = ClientTLSConfig(strategy="mtls", server_name=SERVER_NAME, **authority.files)
    assert len(await connect(engine, tls_config=mtls).trigger([TriggerSpec("w", "{}", "")])) == 1
    without = ClientTLSConfig(strategy="tls", root_ca_file=authority.files["root_ca_file"], server_name=SERVER_NAME)
    anonymous = connect(engine, tls_config=without, tenacity=TenacityConfig(max_attempts=1))
    with pytest.raises(grpc.RpcError):
        await anonymous.trigger([TriggerSpec("w", "{}", "")])


async def test_every_call_carries_the_token(engine: FakeEngine, connect: Connect) -> None:
    connection = connect(engine)
    await connection.trigger([TriggerSpec("w", "{}", "")])
    await connection.engine_version()
    assert engine.tokens == [f"bearer {connection._config.token}"] * 2


def test_options_follow_the_configuration(engine: FakeEngine) -> None:
    options = dict(channel_options(engine.config(grpc_max_send_message_length=123, grpc_max_recv_message_length=456)))
    assert options["grpc.max_send_message_length"] == 123
    assert 456 <= int(options["grpc.max_receive_message_length"]) < 456 + 100_000
    assert (options["grpc.keepalive_time_ms"], options["grpc.keepalive_timeout_ms"]) == (10_000, 60_000)
    assert options["grpc.keepalive_permit_without_calls"] == 1


items = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300), max_size=30)


@given(items, st.integers(min_value=1, max_value=2000))
def test_joined_frames_are_what_protobuf_would_have_written(texts: list[str], limit: int) -> None:
    pieces = [field(4, pb.LogLine(message=text).SerializeToString()) for text in texts]
    frames = [pb.WorkerFrame.FromString(frame) for frame in bundles(pieces, limit)]
    assert [line.message for frame in frames for line in frame.logs] == texts
    assert all(len(frame.logs) == 1 or frame.ByteSize() <= limit for frame in frames)


@given(st.integers(min_value=1, max_value=2**29 - 1), st.binary(max_size=300))
def test_the_encoding_of_a_field(number: int, body: bytes) -> None:
    encoded = field(number, body)
    position, values = 0, []
    for _ in range(2):
        value = shift = 0
        while True:
            byte = encoded[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        values.append(value)
    assert values == [number << 3 | 2, len(body)] and encoded[position:] == body
