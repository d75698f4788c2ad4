"""``hybridrank keys``: the shop's keys, those that sign who its people are, and the master key over people's keys."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from personal.subject import Subject

from .. import keys, persons
from .console import JsonFlag, fail, one_line_errors, print_json, settings, stderr, stdout

RoleOption = Annotated[str, typer.Option("--role", help=f"What the key may do: {', '.join(keys.ROLES)}.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose key it is.")]
RevokeOption = Annotated[bool, typer.Option("--revoke", help="Refuse tokens of the older keys from now on.")]
LivesOption = Annotated[
    int, typer.Option("--seconds", min=1, max=persons.LONGEST_S, help="How long the token is accepted.")
]
SubjectArgument = Annotated[str, typer.Argument(metavar="SUBJECT", help="The shop's own name for the person.")]


def new(role: RoleOption = "shop", tenant: TenantOption = keys.DEFAULT_TENANT, json_output: JsonFlag = False) -> None:
    """Make a key, print it once, and keep only its digest."""
    with one_line_errors():
        chosen = next((known for known in keys.ROLES if known == role), None)
        if chosen is None:
            raise fail(f"--role: one of {', '.join(keys.ROLES)}, not {role!r}", 2)
        path = settings().keys_path
        key = keys.add(path, tenant=tenant, role=chosen)
    if json_output:
        print_json({"key": key, "role": role, "tenant": tenant, "file": str(path)})
        return
    stderr.print(f"a {role} key for {tenant}; its digest is in {path}; it is shown only now:", soft_wrap=True)
    stdout.print(key, soft_wrap=True)


def rotate(
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Only make the next master key, to bring it to the other machines first.")
    ] = False,
    json_output: JsonFlag = False,
) -> None:
    """Wrap the keys of all people by a new master key and forget the old one; takes up one that was interrupted."""
    from ..keystores import open_keystore

    with one_line_errors():
        store = open_keystore(settings())
        with closing(store):
            if prepare:
                version = store.prepare()
                if json_output:
                    print_json({"version": version})
                else:
                    stdout.print(f"master key {version} is there and wraps nothing yet")
                return
            done = store.rotate()
    if json_output:
        print_json({"version": done.version, "rewrapped": done.rewrapped})
        return
    stdout.print(f"master key {done.version} wraps everything; {done.rewrapped} keys were wrapped anew")


def seal(json_output: JsonFlag = False) -> None:
    """Have the KMS wrap the file of master keys, in which they lay in the clear so far."""
    from personal import masterkeys

    from ..keystores import kms

    with one_line_errors():
        chosen = settings()
        wrapping = kms(chosen)
        if wrapping is None or chosen.master_keys is not None:
            raise fail(
                "keys seal: set HYBRIDRANK_KMS_WRAP and HYBRIDRANK_KMS_UNWRAP, not HYBRIDRANK_MASTER_KEYS",
                2,
            )
        versions = masterkeys.seal(chosen.master_keys_path, wrapping)
    if json_output:
        print_json({"versions": versions, "file": str(chosen.master_keys_path)})
        return
    stdout.print(f"{len(versions)} master keys in {chosen.master_keys_path} are wrapped by the KMS", soft_wrap=True)


def person_key(
    tenant: TenantOption = keys.DEFAULT_TENANT, revoke: RevokeOption = False, json_output: JsonFlag = False
) -> None:
    """Make the key with which the shop's login signs person tokens; an older key counts for a day more."""
    with one_line_errors():
        path = settings().person_keys_path
        made = persons.rotate(path, tenant, revoke=revoke)
    if json_output:
        print_json({"kid": made.kid, "alg": made.alg, "tenant": tenant, "file": str(path)})
        return
    stderr.print(f"person tokens of {tenant} are signed by key {made.kid} in {path}", soft_wrap=True)


def token(
    subject: SubjectArgument,
    tenant: TenantOption = keys.DEFAULT_TENANT,
    seconds: LivesOption = 3600,
    json_output: JsonFlag = False,
) -> None:
    """Sign a person token as the shop's login would, to try things out; it goes into X-Hybridrank-Person."""
    with one_line_errors():
        try:
            made = persons.mint(settings().person_keys_path, Subject(tenant, subject), lives_s=seconds)
        except persons.TokenRefused as error:
            raise fail(f"SUBJECT: {error}", 2) from error
    if json_output:
        print_json({"token": made, "tenant": tenant, "seconds": seconds})
        return
    stdout.print(made, soft_wrap=True)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where backups are kept; apart from master keys.")],
    keep_days: Annotated[
        int | None, typer.Option("--keep-days", min=1, help="Delete older ones; the setting is HYBRIDRANK_BACKUP_DAYS.")
    ] = None,
    json_output: JsonFlag = False,
) -> None:
    """Write a backup of people's keys, still wrapped, and delete those of the folder that are past the horizon."""
    from personal.keybackup import back_up

    from ..keystores import open_keystore

    with one_line_errors():
        chosen = settings()
        with closing(open_keystore(chosen)) as store:
            done = back_up(store, folder, keep_days=keep_days or chosen.backup_days)
    if json_output:
        print_json({"file": str(done.file), "people": done.people, "pruned": list(done.pruned)})
        return
    stdout.print(f"{done.people} people in {done.file}; {len(done.pruned)} older backups deleted", soft_wrap=True)


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    without_engine: Annotated[
        bool, typer.Option("--without-engine", help="Do not ask OpenSearch who was erased since; sweep later.")
    ] = False,
    json_output: JsonFlag = False,
) -> None:
    """Bring back the keys of a backup, but of nobody who was erased since, and sweep what is left of these."""
    from personal.keybackup import restore as restored

    from ..keystores import open_keystore
    from ..parts import Parts

    with one_line_errors():
        chosen = settings()
        if without_engine:
            with closing(open_keystore(chosen)) as store:
                done, swept = restored(store, file, lambda people: set()), None
        else:
            with closing(open_keystore(chosen)) as store, closing(Parts(chosen)) as parts:
                done = restored(store, file, parts.erasure.marked)
                swept = parts.erasure.replay()
    if json_output:
        print_json({"people": done.people, "present": done.present, "erased": done.erased, "swept": swept})
        return
    stdout.print(
        f"{done.people} people are back, {done.present} were there, {done.erased} stay erased; start the services anew"
    )
    if swept is None:
        stderr.print("who was erased since is known from tombstones only; run: hybridrank profile erase --replay")


def register(app: typer.Typer) -> None:
    """Add the ``keys`` group."""
    group = typer.Typer(help="The shop's keys, and the keys about people.", no_args_is_help=True)
    group.command()(new)
    group.command()(rotate)
    group.command()(seal)
    group.command()(backup)
    group.command()(restore)
    group.command()(person_key)
    group.command()(token)
    app.add_typer(group, name="keys")
