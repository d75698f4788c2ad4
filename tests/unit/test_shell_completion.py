"""The shell completes commands and options: ``hybridrank --install-completion``."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

START = "import sys; sys.argv[0] = 'hybridrank'; from service.__main__ import main; main()"


def completed(words: str, shell: str = "bash") -> set[str]:
    """What the shell is offered for the last word."""
    asked = {
        "_HYBRIDRANK_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "_TYPER_COMPLETE_ARGS": words,
    }
    done = subprocess.run(
        [sys.executable, "-c", START], env={**os.environ, **asked}, capture_output=True, text=True, check=False
    )
    return set(done.stdout.split())


def test_commands_are_completed():
    assert {"search", "serve"} <= completed("hybridrank se")
    assert {"pretrain", "finetune"} <= completed("hybridrank train ")


def test_options_are_completed():
    assert "--index" in completed("hybridrank search --in")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell):
    environment = {**os.environ, "_HYBRIDRANK_COMPLETE": f"source_{shell}"}
    done = subprocess.run([sys.executable, "-c", START], env=environment, capture_output=True, text=True, check=False)
    assert "_HYBRIDRANK_COMPLETE" in done.stdout
