"""Stages in threads of their own: made there, fed through bounded queues, stopped for sure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from queue import Full, Queue
from threading import BoundedSemaphore, Event, Thread, local
from typing import Any, Generic, Self, TypeVar

Stage = TypeVar("Stage")
Item = TypeVar("Item")
Result = TypeVar("Result")


class StageThread(Generic[Stage, Item, Result]):
    """Runs `work(stage, item)` in threads of its own, one by default; in each, `make` has made a stage for it.

    A model object belongs to the thread that made it, and a source must not run away from a slow stage:
    `submit` waits while `room` items are queued or at work.
    """

    def __init__(
        self, name: str, make: Callable[[], Stage], work: Callable[[Stage, Item], Result], room: int, threads: int = 1
    ) -> None:
        self._mine = local()
        self._make, self._work = make, work
        self._room, self._free = room, BoundedSemaphore(room)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix=name)

    def submit(self, item: Item) -> Future[Result]:
        """Queue an item. The future holds the result, or the error of `make` or `work`."""
        self._free.acquire()
        future = self._pool.submit(self._run, item)
        future.add_done_callback(lambda _: self._free.release())
        return future

    def each(self, items: Iterable[Item]) -> Iterator[tuple[Item, Result]]:
        """The items with their results, in order; up to `room` of the next ones are at work meanwhile."""
        under_way: deque[tuple[Item, Future[Result]]] = deque()
        for item in items:
            under_way.append((item, self.submit(item)))
            if len(under_way) > self._room:
                first, result = under_way.popleft()
                yield first, result.result()
        for first, result in under_way:
            yield first, result.result()

    def close(self) -> None:
        """Finish what is queued, and end the threads."""
        self._pool.shutdown()

    def _run(self, item: Item) -> Result:
        if not hasattr(self._mine, "stage"):
            self._mine.stage = self._make()
        return self._work(self._mine.stage, item)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._pool.shutdown(cancel_futures=kind is not None)


FRAMES_AHEAD = 4  # frames that may wait between two stages: enough to keep the cores busy
_END = object()
_LOOK_UP_S = 0.1  # how often a thread that waits for room looks whether anybody still wants its items


@contextmanager
def ahead(name: str, make: Callable[[], Generator[Item]], room: int) -> Iterator[Iterator[Item]]:
    """Let an iterator run ahead of its consumer, in a thread that also makes it.

    At most `room` items wait. An error of the iterator comes out where its next item would. Leaving the block
    stops and joins the thread.
    """
    items: Queue[object] = Queue(room)
    unwanted = Event()

    def put(item: object) -> None:
        while not unwanted.is_set():
            try:
                items.put(item, timeout=_LOOK_UP_S)
            except Full:
                continue
            return

    def produce() -> None:
        try:
            with closing(make()) as made:
                for item in made:
                    put(item)
                    if unwanted.is_set():
                        return
            put(_END)
        except BaseException as error:  # noqa: BLE001 it is raised again where the items are used
            put(_Failure(error))

    thread = Thread(target=produce, name=name, daemon=True)
    thread.start()
    try:
        yield _taken(items)
    finally:
        unwanted.set()
        thread.join()


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _taken(items: Queue[Any]) -> Iterator[Any]:
    while (item := items.get()) is not _END:
        if isinstance(item, _Failure):
            raise item.error
        yield item
