from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_every_file_beside_the_pages_is_named() -> None:
    """Whoever looks for where a change goes finds it there."""
    where = (ROOT / "README.md").read_text().partition("## Where a change goes")[2]
    files = [file for folder in ("pipeline", "db", "dashboard") for file in (ROOT / folder).glob("[!_]*.py")]
    assert [file.name for file in files if f"`{file.stem}`" not in where and f"`{file.name}`" not in where] == []
