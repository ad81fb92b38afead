"""Exceptions, by the kinds the core tells apart.

A bad record never raises: it is listed among the findings with the type ``skipped``.
"""

__all__ = ["Error", "UsageError", "InputError", "ReadWriteError", "ArtefactError", "CeilingError"]


class Error(Exception):
    """What ended a run: says what was done to which file, and what to do about it."""


class UsageError(Error, ValueError):
    """Arguments contradict each other, the input or their ranges."""


class InputError(Error, ValueError):
    """The input as a whole cannot be used, such as a corpus without a document."""


class ReadWriteError(Error, OSError):
    """The operating system refused something."""


class ArtefactError(Error):
    """A ledger or an output folder is damaged, or does not fit."""


class CeilingError(Error):
    """More of the text would go than ``max_removed`` allows; nothing was written."""
