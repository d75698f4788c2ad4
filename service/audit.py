"""The audit log: who read or erased what is kept about people, and when. It holds nothing personal itself.

A line of JSON for each such call, in one file a day: ``audit/YYYY-MM-DD.jsonl`` in the home, which only its owner may
read. Whose data it is tells a pseudonym, which leads to nobody once they are erased; no subject, query or value ever
stands in it.
"""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

from flask import Flask, Response, g, request

from personal.errors import PersonalError
from personal.secretfiles import private_folder
from personal.subject import Subject

from . import metrics
from .parts import Parts

FOLDER = "audit"
log = logging.getLogger("hybridrank.audit")


class AuditLog:
    """Writes lines; processes and threads may share a file, for each line is one write at its end."""

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER

    def write(self, *, role: str, tenant: str, endpoint: str, status: int, owner: str | None) -> None:
        """Add a line.

        Args:
            role: of the caller's key; ``operator`` for the command line.
            tenant: whose shop it is.
            endpoint: or command that was called.
            status: of HTTP: 200 when it was answered, 403 when it was refused, and so on.
            owner: pseudonym of whose data it is; ``None`` for nobody that is known.

        Raises:
            OSError: it cannot be written.
        """
        now = time.time()
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "role": role,
            "tenant": tenant,
            "endpoint": endpoint,
            "status": status,
            "owner": owner,
        }
        private_folder(self._folder)
        path = self._folder / time.strftime("%Y-%m-%d.jsonl", time.gmtime(now))
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, (json.dumps(line) + "\n").encode())
        finally:
            os.close(file)


def install(app: Flask, parts: Parts) -> None:
    """Write a line after each call that reads or erases what is kept about people.

    A call about somebody who is logged in, answered or not. A line that cannot be written is counted and logged; the
    answer goes out, for a full disk must not stop the search. Watch ``hybridrank_audit_failures_total``.
    """
    lines = AuditLog(parts.settings.home)

    @app.before_request
    def look_up() -> None:
        # Before the endpoint runs, for an erasure leaves nobody to be found.
        if g.get("person") is not None and g.rule.personal:
            g.audited = pseudonym_of(parts, g.person)

    @app.after_request
    def write(response: Response) -> Response:
        if g.get("person") is not None and g.rule.personal:
            try:
                lines.write(
                    role=g.caller.role,
                    tenant=g.caller.tenant,
                    endpoint=request.endpoint or "none",
                    status=response.status_code,
                    owner=g.get("audited"),
                )
            except OSError as error:
                metrics.AUDIT_FAILURES.inc()
                log.error("the audit log cannot be written: %s", error.strerror or type(error).__name__)
        return response


def pseudonym_of(parts: Parts, person: Subject) -> str | None:
    """The pseudonym; ``None`` for somebody who has none, or where the key store cannot be read (it says so itself)."""
    try:
        found = parts.keystore.find(person.tenant, person.subject)
    except PersonalError:
        return None
    return found.pseudonym if found is not None else None
