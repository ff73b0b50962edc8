"""The command line. It imports late, so that help, tables and the status answer within a second."""

import os
import sys

import click

from flows import logs
from flows.cli import observe, operate, query, run
from flows.cli.app import cli, stop
from schemas.errors import StandingsError

VERBS = (run, query, operate, observe)
"""Importing these modules adds their commands to the group."""


def main() -> None:
    """Runs a command. What is wrong is told in one line on standard error; the exit code is then not 0."""
    debug = "--debug" in sys.argv
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.ClickException as error:
        help_line = (
            f" ({error.ctx.command_path} --help)" if isinstance(error, click.UsageError) and error.ctx else ""
        )
        stop(f"{logs.line(error.format_message())}{help_line}", error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        stop("stopped")
    except BrokenPipeError:
        # The reader of a pipe has seen enough; what is left in the buffer must not raise at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except StandingsError as error:
        if debug:
            raise
        stop(logs.line(str(error)))
    except Exception as error:
        if debug:
            raise
        line = logs.line(str(error))
        stop(f"unexpected {type(error).__name__}: {line} (run it again with --debug)")
