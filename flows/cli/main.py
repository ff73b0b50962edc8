"""The command line. It imports late, so that help, tables and the status answer within a second."""

import sys
from traceback import walk_tb

import click

from flows import logs
from flows.cli import observe, operate, query, run
from flows.cli.app import cli, stop
from flows.cli.process import STOPPED, TERMINATED, Terminated, drop, process
from schemas.errors import StandingsError

VERBS = (run, query, operate, observe)
"""Importing these modules adds their commands to the group."""


def main() -> None:
    """Runs a command. What is wrong is told in one line on standard error; the exit code is then not 0."""
    with process():
        _run()


def _run() -> None:
    debug = "--debug" in sys.argv
    try:
        code = cli.main(standalone_mode=False) or 0
        sys.stdout.flush()
        sys.exit(code)
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
    except Terminated:
        stop(STOPPED, TERMINATED)
    except BrokenPipeError:
        # The reader of a pipe has seen enough.
        drop(1)
        sys.exit(1)
    except StandingsError as error:
        if debug:
            raise
        stop(logs.line(str(error)))
    except Exception as error:
        line = logs.line(str(error))
        if isinstance(error, OSError) and _is_of_output(error):
            drop(1)
            stop(f"standard output cannot be written: {error.strerror}")
        if debug:
            raise
        stop(f"unexpected {type(error).__name__}: {line} (run it again with --debug)")


def _is_of_output(error: OSError) -> bool:
    """Whether it was raised where standard output is written, and not by a file."""
    trace = error.__traceback__
    last_flush = trace is not None and trace.tb_next is None
    return last_flush or any(frame.f_code is click.echo.__code__ for frame, _ in walk_tb(trace))
