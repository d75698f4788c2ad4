"""A secured node: certificates of its own authority, and a generated password for its one user."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..errors import LocalNodeError
from .configure import LOOPBACK, Node
from .health import Login
from .java import Java

VALID = datetime.timedelta(days=3650)
CA, CERTIFICATE, KEY, PASSWORD = "ca.pem", "node.pem", "node.key", "admin-password"
SECRETS = (CA, CERTIFICATE, KEY, PASSWORD)


def login(home: Path) -> Login:
    """Where the authority and the password of a home's secured node lie."""
    folder = home / "engine" / "secure"
    return Login(folder / CA, folder / PASSWORD)


def settings() -> dict[str, Any]:
    """The settings of ``opensearch.yml`` for TLS between nodes and to clients, and for logins."""
    files = {"pemcert_filepath": CERTIFICATE, "pemkey_filepath": KEY, "pemtrustedcas_filepath": CA}
    return {
        **{f"plugins.security.ssl.transport.{name}": file for name, file in files.items()},
        **{f"plugins.security.ssl.http.{name}": file for name, file in files.items()},
        "plugins.security.ssl.http.enabled": True,
        "plugins.security.nodes_dn": ["CN=hybridrank local node"],
        "plugins.security.allow_default_init_securityindex": True,
        "plugins.security.restapi.roles_enabled": ["all_access"],
        "plugins.security.system_indices.enabled": True,
        "plugins.security.audit.type": "noop",
    }


def make_secrets(home: Path) -> None:
    """Make certificates and password unless the home has them; all are readable by their owner only.

    The authority's own key is thrown away, so nothing but these nodes can ever be trusted through it.
    """
    folder = home / "engine" / "secure"
    if all((folder / name).is_file() for name in SECRETS):
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ca_key, node_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hybridrank local authority")])
    node_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hybridrank local node")])
    now = datetime.datetime.now(datetime.UTC)

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + VALID)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        )

    usage = dict.fromkeys(("content_commitment", "data_encipherment", "key_agreement", "key_encipherment"), False)
    only = {"encipher_only": False, "decipher_only": False}
    ca = (
        builder(ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage, **only), critical=True
        )
        .sign(ca_key, hashes.SHA256())
    )
    names = [x509.IPAddress(ipaddress.ip_address(LOOPBACK)), x509.DNSName("localhost")]
    node = (
        builder(node_name, node_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **usage, **only), critical=True
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = node_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write_private(folder / CA, ca.public_bytes(pem))
    _write_private(folder / CERTIFICATE, node.public_bytes(pem))
    _write_private(folder / KEY, key)
    if not (folder / PASSWORD).is_file():
        # The engine keeps the hash of the first password in its data: never replace one that may be in use.
        _write_private(folder / PASSWORD, secrets.token_urlsafe(24).encode() + b"\n")


def forget_secrets(home: Path) -> None:
    """Delete certificates and password; the data that knows the password must be gone already."""
    folder = home / "engine" / "secure"
    if folder.exists():
        shutil.rmtree(folder)


def configure_security(home: Path, node: Node, distribution: Path, java: Java) -> None:
    """Give a node its certificates and the security plugin's first configuration, with one user: ``admin``."""
    folder = home / "engine" / "secure"
    for name in (CA, CERTIFICATE, KEY):
        shutil.copyfile(folder / name, node.config / name)
        (node.config / name).chmod(0o600)
    plugin = distribution / "plugins" / "opensearch-security"
    target = node.config / "opensearch-security"
    shutil.copytree(plugin / "config", target, dirs_exist_ok=True)
    password = (folder / PASSWORD).read_text("utf-8").strip()
    users = {
        "_meta": {"type": "internalusers", "config_version": 2},
        "admin": {"hash": _bcrypt(password, plugin, distribution, java), "reserved": True, "backend_roles": ["admin"]},
    }
    users_file = target / "internal_users.yml"
    users_file.write_text(json.dumps(users), "utf-8")
    users_file.chmod(0o600)


def _bcrypt(password: str, plugin: Path, distribution: Path, java: Java) -> str:
    """The hash as the security plugin's own tool makes it; the password goes by environment, not by command line."""
    command = [str(java.executable), "-cp", f"{plugin}/*:{distribution}/lib/*", "org.opensearch.security.tools.Hasher"]
    made = subprocess.run(
        [*command, "-env", "PASSWORD"],
        env={"PASSWORD": password, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    words = [word for word in made.stdout.split() if word.startswith("$2")]
    if made.returncode != 0 or not words:
        raise LocalNodeError(f"the security plugin's Hasher failed with exit status {made.returncode}")
    return words[-1]


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that was never readable by anyone else, not even while it is written."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
