import subprocess
import sys
from collections.abc import Generator
from threading import Event, get_ident
from threading import enumerate as enumerate_threads

import pytest

from pipeline.settings import ROOT
from pipeline.threads import StageThread, ahead


def test_the_stage_is_made_in_the_thread_that_uses_it() -> None:
    with StageThread("stage", get_ident, lambda made, _: (made, get_ident()), room=2) as thread:
        seen = [thread.submit(item).result() for item in range(3)]
    assert len(set(seen)) == 1
    assert seen[0][0] == seen[0][1] != get_ident()


def test_a_slow_stage_makes_the_source_wait() -> None:
    go = Event()
    submitted = []
    with StageThread("slow", lambda: None, lambda _, item: go.wait(60) and item, room=2) as thread:
        futures = [thread.submit(0), thread.submit(1)]
        feeder = StageThread("feeder", lambda: None, lambda _, item: submitted.append(thread.submit(item)), room=1)
        late = feeder.submit(2)
        assert not late.done()
        go.set()
        late.result(60)
        feeder.close()
        assert [future.result(60) for future in (*futures, *submitted)] == [0, 1, 2]


def test_results_come_in_order_while_the_next_items_are_at_work() -> None:
    second = Event()

    def work(_: None, item: int) -> int:
        if item == 1:
            second.set()
        return 10 * item if item or second.wait(60) else -1

    with StageThread("stage", lambda: None, work, room=2, threads=2) as thread:
        assert list(thread.each(range(5))) == [(item, 10 * item) for item in range(5)]


def test_errors_of_a_stage_come_out_where_its_result_would() -> None:
    def broken() -> None:
        raise ValueError("no model")

    with StageThread("broken", broken, lambda *_: None, room=1) as thread, pytest.raises(ValueError, match="no model"):
        thread.submit(1).result()


def numbers(until: int, broken: bool = False) -> Generator[int]:
    yield from range(until)
    if broken:
        raise ValueError("cut off")


def test_items_come_in_order_and_all() -> None:
    with ahead("numbers", lambda: numbers(100), room=3) as items:
        assert list(items) == list(range(100))


def test_an_error_comes_after_the_items_before_it() -> None:
    seen = []
    with pytest.raises(ValueError, match="cut off"), ahead("numbers", lambda: numbers(5, True), room=2) as items:
        seen.extend(items)
    # extend keeps what came before the error only in a loop, so it is counted there
    with ahead("numbers", lambda: numbers(5, True), room=2) as items, pytest.raises(ValueError, match="cut off"):
        for item in items:
            seen.append(item)
    assert seen[-5:] == list(range(5))


def test_no_thread_is_left_behind_by_a_consumer_that_stops_early() -> None:
    closed = Event()

    def endless() -> Generator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    before = {*enumerate_threads()}
    with ahead("inner", endless, room=1) as inner, ahead("outer", lambda: (item for item in inner), room=1) as outer:
        assert next(outer) == 1
    assert {*enumerate_threads()} <= before
    assert closed.is_set()


def test_models_loaded_by_many_threads_at_once_do_not_wait_for_each_other_for_ever() -> None:
    """In a process of its own: what deadlocked was the very first picture."""
    code = """
from concurrent.futures import ThreadPoolExecutor
from pipeline.detect import Detector
from pipeline.settings import Settings
settings = Settings(device="cpu")
with ThreadPoolExecutor(4) as pool:
    list(pool.map(lambda _: Detector(settings, 2), range(4)))
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=300)
