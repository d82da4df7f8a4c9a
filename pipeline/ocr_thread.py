"""The OCR server's reading: one capture of the inbox after the other, in a thread of its own."""

from __future__ import annotations

import logging
from threading import Event, Thread
from typing import TYPE_CHECKING

from db.engine import explain
from db.inbox import Inbox
from db.models import Received
from pipeline.errors import HelmetWatchError
from pipeline.ocr_protocol import to_image, to_result
from pipeline.settings import Settings
from pipeline.store import FileStore
from pipeline.types import PlateCrop

if TYPE_CHECKING:
    from pipeline.plates import PlateReader

_log = logging.getLogger(__name__)
_POLL_S = 1.0
_AGAIN_S = 60.0
_PATIENCE_S = 20.0
_NO_MEMORY = ("out of memory", "can't allocate memory", "Insufficient memory")  # torch on a GPU, on a CPU, and OpenCV


class ReadingThread:
    """Reads the captures of the inbox one after the other. `trouble` says why none is read."""

    def __init__(self, inbox: Inbox, store: FileStore, settings: Settings) -> None:
        self._inbox, self._store, self._settings = inbox, store, settings
        self._stopped, self._wake = Event(), Event()
        self._thread = Thread(target=self._work, name="plates", daemon=True)
        self.trouble: str | None = None

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        self._wake.set()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        self._thread.join(_PATIENCE_S)

    def _work(self) -> None:
        from pipeline.plates import PlateReader  # noqa: PLC0415 loads the models' libraries: a wrong start fails at once

        reader: PlateReader | None = None
        while not self._stopped.is_set():
            wait_s = _POLL_S
            try:
                reader = reader or PlateReader(self._settings)
                while not self._stopped.is_set() and (row := self._inbox.next()) is not None:
                    self._read(row, reader)
                self._drop(self._inbox.forget(self._settings.ocr_keep_days))
                self.trouble = None
            except Exception as error:  # noqa: BLE001 whatever it is, reading goes on when it has passed
                self.trouble, wait_s = explain(error) or type(error).__name__, _AGAIN_S
                _log.warning("reading stands still: %s", self.trouble, exc_info=True)
            self._wake.wait(wait_s)
            self._wake.clear()

    def _read(self, row: Received, reader: PlateReader) -> None:
        """Read a capture. Its crops are deleted once they are read: nobody else has them any more.

        Raises:
            Exception: the machine cannot read now.
        """
        try:
            crops = [PlateCrop(to_image(self._store.path(name).read_bytes()), time_s) for name, time_s in row.crops]
            result = to_result(reader.read(crops))
        except HelmetWatchError as error:
            self._inbox.finish(row.key, None, str(error))
        except FileNotFoundError:
            self._inbox.finish(row.key, None, "the crops are gone from the server's disk")
        except Exception as error:
            if _of_the_machine(error):
                raise
            _log.exception("capture %s", row.key)
            self._inbox.finish(row.key, None, f"internal error: {type(error).__name__}")
        else:
            self._inbox.finish(row.key, result.model_dump(mode="json"))
            self._drop({name for name, _ in row.crops})

    def _drop(self, names: set[str]) -> None:
        """Delete crops, but for those that another capture needs: old ones may share."""
        for name in names - self._inbox.crops() if names else ():
            self._store.delete(name)


def _of_the_machine(error: Exception) -> bool:
    """Whether a fault is the machine's and may pass, not the capture's; every library tells of full memory its way."""
    return isinstance(error, OSError | MemoryError) or any(words in str(error) for words in _NO_MEMORY)
