"""The database and its files, from the command line.

python -m db upgrade            # bring the database up to date
python -m db tidy [--delete]    # tell, or delete, the files that nothing needs any more
python -m db revision MESSAGE   # write a migration for changed models
"""

from __future__ import annotations

import argparse
import shutil
import sys

from alembic import command
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from db import tidy
from db.engine import explain, migrations, sessions
from pipeline.errors import HelmetWatchError
from pipeline.settings import Settings, get_settings


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m db", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade")
    commands.add_parser("tidy").add_argument("--delete", action="store_true")
    commands.add_parser("revision").add_argument("message")
    arguments = parser.parse_args()
    try:
        settings = get_settings()
        if arguments.command == "tidy" and not settings.data.is_dir():
            raise HelmetWatchError(f"{settings.data}: no such folder, see HELMET_WATCH_DATA")
        session = sessions(settings.database)
        if arguments.command == "tidy":
            _tidy(session, settings, arguments.delete)
        if arguments.command == "revision":
            with session.kw["bind"].begin() as connection:
                command.revision(migrations(connection), arguments.message, autogenerate=True)
    except (SQLAlchemyError, HelmetWatchError, OSError) as error:
        print(explain(error), file=sys.stderr)  # noqa: T201
        return 2
    return 0


def _tidy(session: sessionmaker[Session], settings: Settings, delete: bool) -> None:
    sizes = []
    for path, size in tidy.unneeded(session, settings):
        sizes.append(size)
        if delete and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif delete:
            path.unlink(missing_ok=True)
    done = "deleted" if delete else "not needed any more"
    hint = " (--delete deletes them)" if sizes and not delete else ""
    print(f"{len(sizes)} files, {sum(sizes) / 1e6:.1f} MB, {done}{hint}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
