"""Shops with colours to sell, and nodes that leave or lie."""

from __future__ import annotations

import copy
import datetime
import ipaddress
from pathlib import Path

import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS, Key

from ranker.training.federated.local import LocalGrid
from ranker.training.federated.node import Node, Shop
from ranker.training.federated.rounds import federate
from ranker.training.federated.settings import FederatedSettings
from ranker.training.federated.shop import digest_of, weights_of
from ranker.training.methods import method_of
from service.federated.certificates import Certificates
from tests.unit.training_help import SETTINGS, colour_windows, lengths, small

HEAD = SETTINGS.model_copy(update={"method": "head", "epochs": 1.0, "head_rate": 0.01})


START = small()


def start():
    """What all begin with."""
    return copy.deepcopy(START), lambda _: lengths()


def shops(count, *, secure=False, kind=Shop):
    """Each with its own queries."""
    windows = colour_windows()
    return [kind(f"shop{number}", windows[number::count], start, secure=secure) for number in range(count)]


def agreed(count, **more):
    """Settings for them."""
    return FederatedSettings(**{"shops": count, "rounds": 1, "training": HEAD} | more)


def train(nodes, settings, **more):
    """A run in this process."""
    model = copy.deepcopy(START)
    digest = digest_of(model)
    method_of(model, HEAD, 1)
    grid = LocalGrid(dict(enumerate(nodes, 10)))
    return federate(grid, weights_of(model), settings, digest, **more)


def nodes_of(found):
    """As they stand behind a grid."""
    return [Node(number, shop) for number, shop in enumerate(found, 10)]


def apart(one, other):
    """The largest difference of two sets of weights."""
    return max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


class Leaves:
    """A shop that is gone when a stage of the protocol comes, and from then on."""

    def __init__(self, node, stage) -> None:
        self._node, self._stage, self._gone, self.name = node, stage, False, node.name

    def answer(self, message):
        if message.content.config_records[RECORD_KEY_CONFIGS][Key.STAGE] == self._stage:
            self._gone = True
        if self._gone:
            raise ConnectionError
        return self._node.answer(message)


class Poisoned(Shop):
    """Sends the opposite of what it learnt, many times over, and claims a million windows."""

    times = 50.0

    def fit(self, parameters, config):
        learned, _, told = super().fit(parameters, config)
        return [old - self.times * (new - old) for old, new in zip(parameters, learned, strict=True)], 10**6, told


class Broken(Shop):
    """Sends what is no number."""

    def fit(self, parameters, config):
        learned, count, told = super().fit(parameters, config)
        learned[0][:] = np.nan
        return learned, count, told


class Authority:
    """Makes certificates that live an hour."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        folder.mkdir(parents=True, exist_ok=True)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {folder.name}")])
        made = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, 0), critical=True)
        self.path = folder / "authority.pem"
        self.path.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def _builder(self, name, key):
        now = datetime.datetime.now(datetime.UTC)
        hour = datetime.timedelta(hours=1)
        start = x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key.public_key())
        return start.serial_number(x509.random_serial_number()).not_valid_before(now - hour).not_valid_after(now + hour)

    def certificate(self, name: str) -> Certificates:
        """For one side, on this machine."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        host = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        )
        made = self._builder(subject, key).add_extension(both, critical=False).add_extension(host, critical=False)
        own, secret = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        own.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
        return Certificates(self.path, own, secret)
