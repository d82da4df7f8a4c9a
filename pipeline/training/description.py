"""A data.yaml as ultralytics and Roboflow write it: where the pictures lie, and what the numbers in labels mean."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ultralytics.data.utils import IMG_FORMATS

from pipeline.errors import DatasetError
from pipeline.training.labels import IGNORED, IGNORED_NAMES, numbered
from pipeline.training.pictures import spelled
from pipeline.types import CLASS_NAMES, Label

# training passes over the last three without a word; OpenCV reads them, and nobody is to be judged by a part
PICTURES = IMG_FORMATS | {"gif", "jfif", "jpe"}
# how others name the pictures to judge by, and where Roboflow puts them
_ALSO = {"val": ("valid", "validation")}
_FOLDERS = {"val": ("valid/images", "val/images", "images/val"), "test": ("test/images", "images/test")}


@dataclass(frozen=True, slots=True)
class Description:
    """The file; the folder that it speaks of; per number in labels our class and whether it marks ignored regions."""

    file: Path
    root: Path
    classes: dict[int, tuple[Label, bool]]
    raw: dict[str, Any]

    @property
    def merged(self) -> bool:
        """Whether ultralytics understands it as we do: our classes in their order, an absolute path, both parts."""
        ours = all(number == label + len(CLASS_NAMES) * ignored for number, (label, ignored) in self.classes.items())
        placed = Path(str(self.raw.get("path"))).is_absolute() and self.names("train") and bool(self.raw.get("val"))
        return ours and len(self.classes) >= len(CLASS_NAMES) and placed

    def names(self, split: str) -> bool:
        return any(self.raw.get(name) for name in (split, *_ALSO.get(split, ())))

    def pictures(self, split: str) -> list[Path]:
        """Those of a split, as often as it names them; what others call val is val.

        Raises:
            DatasetError: it names none, or a folder that is not there.
        """
        split = next((ours for ours, others in _ALSO.items() if split in others), split)
        entries = self._entries(split)
        if not entries:
            named = [name for name in ("train", "val", "valid", "validation", "test") if self.raw.get(name)]
            raise DatasetError(f"{self.file} names no {split} pictures, only {named}: add a line `{split}: FOLDER`")
        found = [path for place in self.places(split) for path in pictures_of(place)]
        if not found:
            raise DatasetError(f"{self.file}: no pictures in {split} ({', '.join(map(str, entries))})")
        return found

    def places(self, split: str) -> list[Path]:
        """The folders and lists that a split names."""
        return [self._place(str(entry)) for entry in self._entries(split)]

    def group(self, picture: Path) -> str:
        """The folder below the root that a picture lies in."""
        inside = picture.relative_to(self.root).parts if picture.is_relative_to(self.root) else ()
        return inside[0] if len(inside) > 1 else picture.parent.name

    def covers(self, group: str) -> frozenset[Label]:
        """The classes that are labelled in a group wherever they can be seen; those with a name if nothing is said."""
        said = self.raw.get("covers")
        if isinstance(said, dict):
            if group not in said:
                raise DatasetError(f"{self.file}: covers says nothing of {group}")
            said = said[group]
        if said is None:
            said = list(self.classes)
        if not isinstance(said, list):
            raise DatasetError(f"{self.file}: covers has to be a list of classes, or one for each folder of pictures")
        return frozenset(label for label, ignored in map(self._class, said) if not ignored)

    def _class(self, one: int | str) -> tuple[Label, bool]:
        """One by its number in this file or by its name."""
        if not isinstance(one, int) or isinstance(one, bool):
            return _ours(str(one), self.file)
        if one not in self.classes:
            raise DatasetError(f"{self.file}: covers names class {one}, which has no name: add it to `names`")
        return self.classes[one]

    def _entries(self, split: str) -> list[Any]:
        said = next((self.raw[name] for name in (split, *_ALSO.get(split, ())) if self.raw.get(name)), None)
        if said is None:
            return [folder for folder in _FOLDERS.get(split, ()) if (self.root / folder).is_dir()][:1]
        return said if isinstance(said, list) else [said]

    def _place(self, entry: str) -> Path:
        place, beside = self.root / entry, self.root / entry.removeprefix("../")
        if entry.startswith("../") and beside.exists():  # Roboflow counts from a folder beside the file
            if place.exists():
                raise DatasetError(f"{self.file}: {entry} may be {place.resolve()} or {beside}: name one in full")
            place = beside
        if not place.exists():
            raise DatasetError(f"{place} is missing: mend {self.file}, whose folders are relative to {self.root}")
        return Path(os.path.abspath(place))  # noqa: PTH100 resolve() would follow links, and labels lie beside those


def read_description(file: Path) -> Description:
    """A data.yaml.

    Raises:
        DatasetError: it is none, has a class that is not ours, or speaks of a folder that is not there.
    """
    try:
        raw = yaml.safe_load(file.read_bytes())
        names = numbered(raw["names"])
    except (OSError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{file} is no data set description with names ({error!r})") from error
    root = Path(os.path.abspath(file.parent / str(raw.get("path") or ".")))  # noqa: PTH100 as above
    if not root.is_dir():
        raise DatasetError(f"{root} is missing: mend `path` in {file}, or leave it out if the pictures lie beside it")
    return Description(file, root, {number: _ours(name, file) for number, name in names.items()}, raw)


def write_description(
    out: Path, parts: Mapping[str, Sequence[str]], covers: Mapping[str, Sequence[int]], **more: object
) -> Path:
    """The data.yaml of a data set in the folder `out`: the folders and lists of its `parts`, and what sets cover."""
    file = out / "data.yaml"
    names = dict(enumerate(CLASS_NAMES + IGNORED_NAMES))  # in the order that labels are written in
    written = {"path": str(out.resolve()), **parts, "names": names, "covers": covers, **more}
    file.write_text(yaml.safe_dump(written, sort_keys=False))
    return file


def _ours(name: str, file: Path) -> tuple[Label, bool]:
    spelt = re.sub(r"[\s_-]+", " ", name).strip().lower()
    plain = spelt.removeprefix(IGNORED)
    if plain not in CLASS_NAMES:
        raise DatasetError(
            f"{file}: “{name}” is none of the project's classes ({', '.join(CLASS_NAMES)}): rename it there, "
            "or merge the set by a file that maps its names (python -m pipeline.training.dataset)"
        )
    return Label(CLASS_NAMES.index(plain)), plain != spelt


def _folder(path: Path) -> bool:
    """Refuses links to a folder that they lie in, through which every picture would be found again and again."""
    if not path.is_dir():
        return False
    if path.is_symlink() and path.resolve() in {one.resolve() for one in path.parents}:
        raise DatasetError(f"{path} links to a folder that it lies in: take the link out")
    return True


def pictures_of(entry: Path) -> Iterator[Path]:
    """The pictures in a folder and below it, links to nowhere too, or those that a list names (relative to it)."""
    if entry.is_dir():
        files = (Path(name) for name in glob.iglob(f"{glob.escape(str(entry))}/**/*", recursive=True))  # noqa: PTH207
        yield from sorted(path for path in files if not _folder(path) and path.suffix[1:].lower() in PICTURES)
    elif entry.is_file():
        try:
            lines = entry.read_text(encoding="utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise DatasetError(f"{entry} is neither a folder nor a list of pictures") from error
        names = (spelled(entry.parent, line.strip()) for line in lines if line.strip())
        yield from (Path(os.path.abspath(entry.parent / name)) for name in names)  # noqa: PTH100
    else:
        raise DatasetError(f"{entry} is missing")
