"""Sealing: what was sealed opens again, and nothing that was changed in any way does."""

from __future__ import annotations

import dataclasses
import random
import secrets
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from personal.envelope import NONCE_BYTES, STEP, TAG_BYTES, Binding, seal, unseal
from personal.errors import SealBroken

KEY = bytes(range(32))
HERE = Binding("shop", "u.1", "products", "profile")
BINDINGS = st.builds(Binding, st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))


@given(st.binary(max_size=3000), BINDINGS)
def test_what_was_sealed_opens(document, binding):
    document = document.rstrip(b" ")
    sealed = seal(KEY, document, binding)
    assert unseal(KEY, sealed, binding).rstrip(b" ") == document
    assert (len(sealed) - NONCE_BYTES - TAG_BYTES) % STEP == 0
    assert document not in sealed or len(document) < 3


@given(BINDINGS, BINDINGS)
def test_only_the_same_binding_opens(one, other):
    sealed = seal(KEY, b"{}", one)
    if one == other:
        unseal(KEY, sealed, other)
    else:
        with pytest.raises(SealBroken):
            unseal(KEY, sealed, other)


@given(st.data())
@settings(max_examples=300)
def test_no_mutation_is_accepted(data):
    sealed = bytearray(seal(KEY, b'{"a": 1}', HERE))
    changed = bytearray(sealed)
    match data.draw(st.sampled_from(("bit", "cut", "grow", "swap", "splice"))):
        case "bit":
            place = data.draw(st.integers(0, len(sealed) * 8 - 1))
            changed[place // 8] ^= 1 << place % 8
        case "cut":
            changed = changed[: data.draw(st.integers(0, len(sealed) - 1))]
        case "grow":
            changed += data.draw(st.binary(min_size=1, max_size=40))
        case "swap":
            other = seal(KEY, b'{"a": 2}', HERE)
            changed[:NONCE_BYTES] = other[:NONCE_BYTES]
        case "splice":
            other = seal(KEY, b'{"a": 2}', HERE)
            changed[-TAG_BYTES:] = other[-TAG_BYTES:]
    with pytest.raises(SealBroken):
        unseal(KEY, bytes(changed), HERE)


@pytest.mark.slow
def test_of_a_hundred_thousand_mutations_none_is_accepted():
    dice = random.Random(1)
    sealed = seal(KEY, b'{"secret": true}', HERE)
    accepted = 0
    for number in range(100_000):
        changed, key, binding = bytearray(sealed), KEY, HERE
        match number % 6:
            case 0 | 1:
                changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
            case 2:
                binding = dataclasses.replace(HERE, owner=f"u.{dice.randrange(2, 10**9)}")
            case 3:
                binding = dataclasses.replace(HERE, kind=f"session{dice.random()}", tenant=secrets.token_hex(4))
            case 4:
                binding = dataclasses.replace(HERE, format=dice.randrange(2, 65536))
            case 5:
                changed = bytearray(dice.randbytes(dice.randrange(0, 2000)))
        try:
            unseal(key, bytes(changed), binding)
            accepted += 1
        except SealBroken:
            pass
    assert accepted == 0


def test_another_key_opens_nothing():
    with pytest.raises(SealBroken):
        unseal(secrets.token_bytes(32), seal(KEY, b"{}", HERE), HERE)


FORKED = """
import os, sys
from personal.envelope import NONCE_BYTES, Binding, seal
here, key = Binding("shop", "u.1", "products", "profile"), bytes(range(32))
seal(key, b"{}", here)  # whatever a process keeps of randomness is there before the fork
for worker in range(8):
    if os.fork() == 0:
        with open(os.path.join(sys.argv[1], str(worker)), "wb") as file:
            file.write(b"".join(seal(key, b"{}", here)[:NONCE_BYTES] for _ in range(5000)))
        os._exit(0)
assert all(os.waitstatus_to_exitcode(os.wait()[1]) == 0 for _ in range(8))
"""


def test_nonces_of_eight_forked_workers_never_meet(tmp_path):
    subprocess.run([sys.executable, "-c", FORKED, str(tmp_path)], check=True)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    nonces = {written[at : at + NONCE_BYTES] for at in range(0, len(written), NONCE_BYTES)}
    assert len(nonces) == 8 * 5000
