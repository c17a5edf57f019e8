"""Telling another program about a finding. No shell: what a log holds can't become a command."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable

from curvedoctor.model import Diagnosis, Finding
from curvedoctor.reports.as_json import dumps, to_dict
from curvedoctor.reports.text import safe

#: seconds; a notifier that hangs must not stop the watch
PATIENCE = 30
#: characters; what the operating system takes as one variable is limited
LONGEST = 4096


def notify(
    shell_command: str, diagnosis: Diagnosis, finding: Finding, print_error: Callable[[str], None]
) -> None:
    """Run the command `shell_command` with the finding in its environment and
    the diagnosis on its stdin; never raises."""
    first = diagnosis.prescriptions[0].text if diagnosis.prescriptions else ""
    facts = {
        "RUN": diagnosis.run.name,
        "SOURCE": diagnosis.run.source,
        "CONDITION": finding.condition,
        "SEVERITY": finding.severity,
        "SUMMARY": finding.summary,
        "PRESCRIPTION": first,
    }
    environment = {f"CURVEDOCTOR_{name}": safe(value)[:LONGEST] for name, value in facts.items()}
    try:
        words = shlex.split(shell_command)
        done = subprocess.run(  # noqa: S603 — the user's own command, split without a shell
            words, env={**os.environ, **environment}, input=dumps(to_dict(diagnosis)).encode(),
            stdout=subprocess.DEVNULL,
            timeout=PATIENCE, check=False,
        )  # fmt: skip
        if done.returncode:
            print_error(f"{shell_command}: ended with {done.returncode}")
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired) as error:
        print_error(f"{shell_command}: {error}")
