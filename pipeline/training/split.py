"""Near-duplicates stay on one side of the split, found by perceptual hash."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from pipeline.training.pictures import load
from pipeline.training.sets import Picture, Split

# of 64 bits: pictures that differ in fewer are the same scene, resized, recompressed or a few frames apart
SAME_SCENE_BITS = 8
VAL_SHARE = 0.1


def split(pictures: Sequence[Picture]) -> list[Picture]:
    """Every picture with its split decided, near-duplicates together.

    A split that a set brings along stays; a group that lies on both sides goes to train whole, so val stays
    unseen. A group without one falls by the hash of its first picture, the same way every time; where all would fall on
    one side, as in a small set, the nearest one falls on the other.
    """
    groups = _groups(pictures)
    sides: dict[int, Split] = {}
    fractions: dict[int, float] = {}
    for group in set(groups):
        members = [picture for picture, own in zip(pictures, groups, strict=True) if own == group]
        brought = {picture.split for picture in members} - {None}
        if brought:
            sides[group] = "val" if brought == {"val"} else "train"
        else:
            fractions[group] = _fraction(members[0])
            sides[group] = "val" if fractions[group] < VAL_SHARE else "train"
    if fractions and len(sides) > 1:
        if "val" not in sides.values():
            sides[min(fractions, key=fractions.__getitem__)] = "val"
        elif "train" not in sides.values():
            sides[max(fractions, key=fractions.__getitem__)] = "train"
    return [replace(picture, split=sides[group]) for picture, group in zip(pictures, groups, strict=True)]


def _groups(pictures: Sequence[Picture]) -> list[int]:
    """The number of the near-duplicate group of each picture."""
    hashes = np.array([_hash(picture) for picture in pictures])
    near = [np.flatnonzero((hashes != row).sum(1) <= SAME_SCENE_BITS) for row in hashes]
    ends = np.cumsum([0, *map(len, near)])
    pairs = csr_array((np.ones(ends[-1]), np.concatenate(near), ends), shape=(len(near), len(near)))
    return [int(group) for group in connected_components(pairs, directed=False)[1]]


def _hash(picture: Picture) -> npt.NDArray[np.bool_]:
    seen = cv2.cvtColor(load(picture.path), cv2.COLOR_BGR2RGB)  # upright, as its copies without EXIF are
    return np.asarray(imagehash.phash(Image.fromarray(seen)).hash, bool).ravel()


def _fraction(picture: Picture) -> float:
    return int(hashlib.sha256(picture.path.name.encode()).hexdigest()[:8], 16) / 2**32
