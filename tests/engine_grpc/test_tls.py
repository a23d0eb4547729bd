"""TLS and mutual TLS, with certificates made here."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from grpc import aio
from pydantic import ValidationError

from hatchet_engine.server.server import Server
from hatchet_engine.server.settings import ServerSettings
from hatchet_wire.published.dispatcher_pb2 import GetVersionRequest
from tests.engine_grpc.wire import Wire, refusal
from tests.support.engine import engine_server


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """Signs certificates."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), True
        )
        self.certificate = builder.sign(self._key, SHA256()).public_bytes(Encoding.PEM)

    def issue(self, name: str) -> Pair:
        """A certificate for 127.0.0.1."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
        certificate = self._builder(subject, key).add_extension(names, False).sign(self._key, SHA256())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return Pair(certificate.public_bytes(Encoding.PEM), pem)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
        )


@dataclass(frozen=True)
class Files:
    """What the server is given."""

    tls_cert_file: Path
    tls_key_file: Path
    tls_root_ca_file: Path


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("test authority")


@pytest.fixture
def files(authority: Authority, tmp_path: Path) -> Files:
    server = authority.issue("server")
    made = Files(tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "ca.pem")
    made.tls_cert_file.write_bytes(server.certificate)
    made.tls_key_file.write_bytes(server.key)
    made.tls_root_ca_file.write_bytes(authority.certificate)
    return made


def secure(server: Server, root: bytes, pair: Pair | None = None) -> Wire:
    """A channel that trusts `root` and shows `pair`."""
    credentials = grpc.ssl_channel_credentials(
        root, pair.key if pair is not None else None, pair.certificate if pair is not None else None
    )
    return Wire(server, channel=aio.secure_channel(server.grpc_address, credentials))


async def is_served(wire: Wire) -> bool:
    """Whether a call gets through; otherwise it fails for want of a connection."""
    try:
        await wire.dispatcher.GetVersion(GetVersionRequest(), timeout=3)
    except aio.AioRpcError as error:
        assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
        return False
    finally:
        await wire.channel.close()
    return True


async def test_tls_serves_those_who_know_the_authority(tmp_path: Path, files: Files, authority: Authority) -> None:
    async with engine_server(
        tmp_path / "data", tls_cert_file=files.tls_cert_file, tls_key_file=files.tls_key_file
    ) as server:
        assert server.settings.tls_strategy == "tls"
        knows, stranger = secure(server, authority.certificate), secure(server, Authority("another").certificate)
        plaintext = Wire(server)
        assert tuple(await asyncio.gather(is_served(knows), is_served(stranger), is_served(plaintext))) == (
            True,
            False,
            False,
        )
        anonymous = secure(server, authority.certificate)
        anonymous = Wire(server, "nonsense", anonymous.channel)
        error = await refusal(anonymous.dispatcher.GetVersion(GetVersionRequest()))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        await anonymous.channel.close()


async def test_mutual_tls_asks_for_a_certificate_and_for_a_token(
    tmp_path: Path, files: Files, authority: Authority
) -> None:
    async with engine_server(
        tmp_path / "data",
        tls_cert_file=files.tls_cert_file,
        tls_key_file=files.tls_key_file,
        tls_root_ca_file=files.tls_root_ca_file,
    ) as server:
        assert server.settings.tls_strategy == "mtls"
        root = authority.certificate
        known = secure(server, root, authority.issue("client"))
        nobody = secure(server, root)
        forged = secure(server, root, Authority("another").issue("client"))
        assert tuple(await asyncio.gather(is_served(known), is_served(nobody), is_served(forged))) == (
            True,
            False,
            False,
        )
        anonymous = Wire(server, "nonsense", secure(server, root, authority.issue("client")).channel)
        error = await refusal(anonymous.dispatcher.GetVersion(GetVersionRequest()))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED
        await anonymous.channel.close()


@pytest.mark.parametrize(
    "given", [{"tls_cert_file": "c"}, {"tls_key_file": "k"}, {"tls_root_ca_file": "r"}], ids=["cert", "key", "ca"]
)
def test_half_a_configuration_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="tls_cert_file and tls_key_file"):
        ServerSettings(**given)  # type: ignore[arg-type]
