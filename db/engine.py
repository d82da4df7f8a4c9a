"""The database that the settings name, brought up to date before it is used."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker
from tenacity import retry, retry_if_exception, retry_if_exception_type, stop_after_attempt, wait_fixed, wait_random

from pipeline.errors import HelmetWatchError

T = TypeVar("T")
FORESEEN = (HelmetWatchError, OSError, DBAPIError)  # what `explain` has words for; all else is a fault of ours
_MIGRATIONS = Path(__file__).parent / "migrations"
_PATIENCE_S = 15  # how long a writer waits for another one
_TRIES, _LONGEST_WAIT_S = 10, 0.2  # where the database does not let writers wait for each other
# a database that is locked, or a disk that is full, may soon be well again: what was found is worth the wait
patient = retry(
    retry=retry_if_exception_type(OperationalError), stop=stop_after_attempt(5), wait=wait_fixed(3), reraise=True
)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_GONE = "is not there any more"


@cache
def sessions(url: str) -> sessionmaker[Session]:
    """A factory of sessions on the database at an SQLAlchemy URL; creates and migrates it on the first call.

    Raises:
        sqlalchemy.exc.OperationalError: it cannot be opened, or stays locked.
        HelmetWatchError: the URL is none, its driver is missing, or a newer version has been at work here.
    """
    engine = _engine(url)
    upgrade(engine)
    return sessionmaker(engine, expire_on_commit=False)


def _overtaken(error: BaseException) -> bool:
    """Whether another writer may have come in between, for which drivers have many names. In SQLite none can."""
    return isinstance(error, DBAPIError) and not isinstance(error.orig, sqlite3.Error)


@retry(
    retry=retry_if_exception(_overtaken),
    stop=stop_after_attempt(_TRIES),
    wait=wait_random(0, _LONGEST_WAIT_S),
    reraise=True,
)
def write_alone(sessions: sessionmaker[Session], work: Callable[[Session], T]) -> T:
    """Do work whose writes follow from what it reads, in one transaction, as if nobody else wrote until it ends.

    In SQLite the others wait; elsewhere the database refuses what came out of step, and the work is done anew.
    """
    with sessions.begin() as session:
        if session.get_bind().dialect.name == "sqlite":  # which by itself lets others write until the first write
            session.connection().exec_driver_sql("BEGIN IMMEDIATE")
        else:
            session.connection(execution_options={"isolation_level": "SERIALIZABLE"})
        return work(session)


def upgrade(engine: Engine) -> None:
    """Run the migrations that the database lacks, all or none; two processes that start at once take turns.

    Raises:
        HelmetWatchError: a newer version has been at work here.
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as connection:
            _to_head(connection)
        return
    with engine.connect() as connection:
        _begin_by_hand(connection)
        _to_head(connection)
        connection.commit()
        connection.invalidate()  # it is set up for migrations


def _to_head(connection: Connection) -> None:
    try:
        command.upgrade(migrations(connection), "head")
    except CommandError as error:  # it names a migration that is not here
        raise HelmetWatchError(
            "the database is of a newer version of Helmet Watch: install that, or name another data folder"
        ) from error


def _begin_by_hand(connection: Connection) -> None:
    """A transaction that holds tables as well as rows: Python's driver commits before each change of a table.

    Without foreign keys, or a table that is rebuilt would take with it, by cascade, the rows that point to it.
    """
    driver: Any = connection.connection.dbapi_connection
    driver.isolation_level = None
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def migrations(connection: Connection) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))  # it fills in what follows one
    config.attributes["connection"] = connection
    return config


def _engine(url: str) -> Engine:
    try:
        if url.startswith("sqlite"):
            return _sqlite(url)
        return create_engine(url, pool_pre_ping=True, hide_parameters=True)
    except ImportError as error:
        raise HelmetWatchError(f"HELMET_WATCH_DATABASE_URL needs a driver: install it ({error})") from error
    except (ArgumentError, ValueError):
        raise HelmetWatchError(
            "HELMET_WATCH_DATABASE_URL is no address of a database: "
            "one looks like postgresql+psycopg://user:password@there/name"
        ) from None  # its words may hold the password


def _sqlite(url: str) -> Engine:
    if (database := make_url(url).database) and database != ":memory:":
        Path(database).parent.mkdir(0o700, parents=True, exist_ok=True)  # it holds log-ins of cameras
    engine = create_engine(url, connect_args={"timeout": _PATIENCE_S}, hide_parameters=True)
    opened: set[str] = set()

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # readers never wait for the job that writes
        connection.execute("PRAGMA synchronous=FULL")  # what people decided, or what was sent, outlasts a power cut
        connection.execute("PRAGMA foreign_keys=ON")
        opened.update(file for _number, _name, file in connection.execute("PRAGMA database_list") if file)

    @event.listens_for(engine, "do_connect")
    @event.listens_for(engine, "checkout")
    def _still_there(*_: Any) -> None:
        """SQLite writes on into a file that was deleted, until the program ends, or makes an empty one in its place."""
        for file in opened:
            if not Path(file).exists():
                why = sqlite3.OperationalError(f"{file} {_GONE}")
                raise OperationalError("", None, why)

    return engine


def explain(error: Exception) -> str:
    """What a user is told about an error: what is wrong and what to do."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return "the disk is full: free some space, then run it again"
    if isinstance(error, OSError) and error.errno in _FORBIDDEN and error.filename:
        return f"{error.filename} may not be read or written by this program: give it the right to"
    if isinstance(error, DBAPIError):
        return _explain_database(error)
    return str(error)


def _explain_database(error: DBAPIError) -> str:
    reason = str(error.orig)
    if reason.endswith(_GONE):
        return f"{reason}: put it back, or start this program anew"
    if isinstance(error, OperationalError):
        if "locked" in reason:
            return "the database is locked by another program: close that, then run it again"
        if "full" in reason:
            return "the disk is full: free some space, then run it again"
    return f"the database cannot be used: {reason}"


def unforeseen(error: BaseException) -> str:
    """What a user is told about an error that nobody foresaw: whoever catches it writes it into the log."""
    return f"internal error, the log has more: {type(error).__name__}: {error}"
