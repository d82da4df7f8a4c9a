"""What people take out of the system: evidence packages, tables, training pictures."""

from pathlib import Path

FONT = Path(__file__).parent / "fonts" / "NanumSquareR.ttf"  # Korean and Latin letters
