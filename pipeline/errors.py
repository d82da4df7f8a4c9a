"""Errors whose message is written for the person who sees it: what is wrong and what to do."""


class HelmetWatchError(Exception):
    """Anything a user can mend."""


class ClipError(HelmetWatchError):
    """The clip cannot be read. The message does not name the file; whoever shows it does."""


class WeightsError(HelmetWatchError):
    """A weight file is missing, altered, or of another class order."""


class TraceError(HelmetWatchError):
    """What the models saw in a clip cannot be read any more."""


class CancelledError(HelmetWatchError):
    """Somebody cancelled the work."""


class DatasetError(HelmetWatchError):
    """A labelled set cannot be used as it is. The message says which one and why."""


class CalibrationError(HelmetWatchError):
    """The labelled pictures do not suffice to choose thresholds by."""


class StreamError(HelmetWatchError):
    """A stream is out of reach for now; trying again may help. The message does not name its URL."""


class MistakenError(StreamError):
    """What was asked for is out of reach, by the look of it for good; where it was once within reach, not for ever."""


class RefusedError(HelmetWatchError):
    """An address must not be opened, or what comes from it must not be read; trying again does not help."""
