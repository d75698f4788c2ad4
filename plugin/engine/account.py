"""Whom the node runs as, and which folders that account can reach."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LocalNodeError

ACCOUNTS = ("opensearch", "nobody")
"""Whom root starts the node as: the first of these that exists. None is created."""

ROOTS_FOLDER = Path("/var/lib/hybridrank")
"""Where the node of a home lies that its account cannot reach (root's own, or a private temporary folder)."""


@dataclass(frozen=True, slots=True)
class Account:
    """An unprivileged account that root hands the node to."""

    name: str
    uid: int
    gid: int

    def popen(self) -> dict[str, Any]:
        """The arguments of :mod:`subprocess` that start a process as this account and nothing more."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder from the root down to this one lets the account through."""
        for path in (folder, *folder.parents):
            if not path.exists():
                continue
            status = path.stat()
            if status.st_uid == self.uid:
                bit = stat.S_IXUSR
            elif status.st_gid == self.gid:
                bit = stat.S_IXGRP
            else:
                bit = stat.S_IXOTH
            if not status.st_mode & bit:
                return False
        return True

    def own(self, *folders: Path) -> None:
        """Hand folders, with all that is in them, to the account; symbolic links are not followed."""
        for folder in folders:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for_node() -> Account | None:
    """Whom to run the node as; ``None`` when we are not root and the node runs as ourselves.

    Raises:
        LocalNodeError: we are root and no unprivileged account exists.
    """
    if os.geteuid() != 0:
        return None
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise LocalNodeError(
        f"OpenSearch does not run as root, and no account of {' or '.join(ACCOUNTS)} exists to run it as"
    )


def run_folder(home: Path, account: Account | None) -> Path:
    """Where the node's own files lie: ``HOME/engine/run``, or outside where its account cannot reach that.

    The place outside is named by a digest of the home's path, so each home has its own and finds it again.
    """
    inside = home / "engine" / "run"
    if account is None or account.can_enter(home):
        return inside
    return ROOTS_FOLDER / hashlib.sha256(str(home).encode()).hexdigest()[:16]


def make_run_folder(home: Path, account: Account | None) -> Path:
    """Make the run folder, and let ``HOME/engine/run`` point to it when it lies outside."""
    inside, folder = home / "engine" / "run", run_folder(home, account)
    folder.mkdir(parents=True, exist_ok=True)
    if account is not None:
        # Whatever the umask: others must get through, and no further than through.
        for opened in (folder, folder.parent):
            opened.chmod(0o755)
    if folder == inside:
        return folder
    if account is not None and not account.can_enter(folder):
        raise LocalNodeError(f"{folder} cannot be reached by the account {account.name}, which runs OpenSearch")
    if inside.is_symlink():
        inside.unlink()
    if inside.is_dir():
        raise LocalNodeError(
            f"{inside} holds data, but the account {account and account.name} cannot reach it any more"
        )
    inside.symlink_to(folder)
    return folder


def remove_run_folder(home: Path) -> None:
    """Delete the node's own files, its data included."""
    inside = home / "engine" / "run"
    if inside.is_symlink():
        target = inside.readlink()
        if target.parent != ROOTS_FOLDER:
            raise LocalNodeError(f"{inside} points to {target}, which is not ours to delete")
        inside.unlink()
        if target.exists():
            shutil.rmtree(target)
    elif inside.exists():
        shutil.rmtree(inside)
