"""A stage in a thread of its own: made there, fed through a bounded queue, stopped for sure."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore, local
from types import TracebackType
from typing import Generic, Self, TypeVar

Stage = TypeVar("Stage")
Item = TypeVar("Item")
Result = TypeVar("Result")


class StageThread(Generic[Stage, Item, Result]):
    """Runs `work(stage, item)` one by one in one thread, where `make` also made the stage.

    A model object belongs to the thread that made it, and a source must not run away from a slow stage:
    `submit` waits while `room` items are queued.
    """

    def __init__(self, name: str, make: Callable[[], Stage], work: Callable[[Stage, Item], Result], room: int) -> None:
        self._mine = local()
        self._make, self._work = make, work
        self._room = BoundedSemaphore(room)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    def submit(self, item: Item) -> Future[Result]:
        """Queue an item. The future holds the result, or the error of `make` or `work`."""
        self._room.acquire()
        future = self._thread.submit(self._run, item)
        future.add_done_callback(lambda _: self._room.release())
        return future

    def _run(self, item: Item) -> Result:
        if not hasattr(self._mine, "stage"):
            self._mine.stage = self._make()
        return self._work(self._mine.stage, item)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=error is not None)
