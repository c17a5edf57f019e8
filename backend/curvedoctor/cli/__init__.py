"""The command line. Each module of this package that defines `command` is a command.

Commands only say what they take and dispatch; what they import, they import late, so that
`curvedoctor --help` answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from curvedoctor.cli.exits import DONE, FAULT, INTERRUPTED, PARTLY, USAGE

OURS = "this is a fault of curvedoctor, please report it"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    import click

    from curvedoctor.address import Address, hidden
    from curvedoctor.cli.app import group
    from curvedoctor.cli.terminal import print_error, quiet_stdout
    from curvedoctor.errors import CurvedoctorError, SinkError

    if "_CURVEDOCTOR_COMPLETE" in os.environ:  # the shell asks for completions
        group.main(prog_name="curvedoctor")
    given = list(sys.argv[1:] if arguments is None else arguments)
    for argument in given:
        Address(argument)  # its secrets are known from here on, whatever is said of it
    try:
        # not group.main: it answers a closed pipe with 1, which here means that --fail-on was met
        with group.make_context("curvedoctor", given) as ctx:
            code = group.invoke(ctx)
        sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        buffer = io.StringIO()
        error.show(buffer)
        sys.stderr.write(hidden(buffer.getvalue()))
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        print_error("interrupted")
        return INTERRUPTED
    except CurvedoctorError as error:
        for line in str(error).splitlines():
            print_error(line)
        return PARTLY if isinstance(error, SinkError) else USAGE
    except BrokenPipeError:  # the reader (head, less) has seen enough
        quiet_stdout()
        return DONE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        print_error(f"{where}{error.strerror or error}")
        return USAGE
    except Exception as error:
        if os.environ.get("CURVEDOCTOR_DEBUG"):
            raise
        print_error(f"{OURS}: {type(error).__name__}: {error} (CURVEDOCTOR_DEBUG=1 shows where)")
        return FAULT
