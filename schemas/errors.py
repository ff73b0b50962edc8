"""The one kind of error that a person is meant to read."""


class StandingsError(Exception):
    """A problem with the input, the lake or the settings, told in one line.

    The message names the file, the row and the field where there is one, and says what to do.
    The command line prints it without a traceback and exits with a code that is not 0.
    """
