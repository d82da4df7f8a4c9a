"""`python -m db upgrade` brings the database up to date; `revision MESSAGE` writes a migration for changed models."""

from __future__ import annotations

import argparse
import sys

from alembic import command
from sqlalchemy.exc import SQLAlchemyError

from db.engine import explain, migrations, sessions
from pipeline.settings import get_settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m db", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("upgrade")
    commands.add_parser("revision").add_argument("message")
    arguments = parser.parse_args()
    url = get_settings().database
    try:
        session = sessions(url)
    except (OSError, SQLAlchemyError) as error:
        print(f"{url}: {explain(error)}", file=sys.stderr)  # noqa: T201
        return 2
    if arguments.command == "revision":
        with session.kw["bind"].begin() as connection:
            command.revision(migrations(connection), arguments.message, autogenerate=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
