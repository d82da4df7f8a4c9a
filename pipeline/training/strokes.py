"""A typeface for plates, drawn with strokes of one width as theirs are, every plate by a slightly different hand.

Each glyph is a list of lines through the unit square, x to the right, y down. The proportions are by eye from
photographs of plates; that is why they vary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipeline.types import Floats, Image

Strokes = list[Floats]

INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
FINALS = " ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"
_UPRIGHT_HAT = 0.7  # share of hands; plates have it, few typefaces do
_SHIFT = 4  # bits of sub-pixel precision in OpenCV's drawing


@dataclass(frozen=True, slots=True)
class Hand:
    """What differs from plate to plate; lengths are shares of the glyph's box."""

    weight: float = 0.12  # stroke width over the glyph's height
    round: float = 2.4  # exponent of the superellipse of 0, 6, 8, 9
    flag: float = 0.3  # of the 1
    open: float = 0.5  # how far 6 and 9 lean out, 0 to 1
    flat3: bool = False
    waist: float = 0.46  # of 3 and 8
    cross: float = 0.7  # bar of the 4
    slant: float = 0.0  # of the leg of ㄱ
    split: float = 0.56  # width of the initial beside a tall vowel
    tick: float = 0.5  # height of the short stroke of ㅏ and ㅓ
    lower: float = 0.55  # height of the initial above a flat vowel
    final: float = 0.62  # where a final consonant begins
    hat: float = 0.15  # height of the upright tick of ㅊ and ㅎ, the ring close below its bar; 0: a lying one, apart


def draw_hand(rng: np.random.Generator) -> Hand:
    return Hand(
        weight=float(rng.uniform(0.085, 0.17)),
        round=float(rng.uniform(2.0, 3.6)),
        flag=float(rng.choice((0.0, rng.uniform(0.15, 0.5)), p=(0.1, 0.9))),
        open=float(rng.uniform(0.0, 1.0)),
        flat3=bool(rng.random() < 0.1),
        waist=float(rng.uniform(0.43, 0.5)),
        cross=float(rng.uniform(0.62, 0.78)),
        slant=float(rng.uniform(0.0, 0.6)),
        split=float(rng.uniform(0.48, 0.64)),
        tick=float(rng.uniform(0.38, 0.58)),
        lower=float(rng.uniform(0.46, 0.6)),
        final=float(rng.uniform(0.56, 0.66)),
        hat=float(rng.uniform(0.1, 0.2)) if rng.random() < _UPRIGHT_HAT else 0.0,
    )


def stamp(mask: Image, text: str, box: tuple[float, float, float, float], hand: Hand, weight: float
          ) -> None:  # fmt: skip
    """Draw one character into a mask, white, inside x1, y1, x2, y2, with strokes `weight` pixels wide."""
    x1, y1, x2, y2 = box
    half = weight / 2
    if text == "1":
        middle, width = (x1 + x2) / 2, min((x2 - x1) * 0.5, (y2 - y1) * 0.4)
        x1, x2 = middle - width / 2, middle + width / 2
    origin = np.array((x1 + half, y1 + half))
    size = np.array((max(x2 - x1 - weight, 1.0), max(y2 - y1 - weight, 1.0)))
    for line in strokes(text, hand):
        points = np.round((origin + line * size) * (1 << _SHIFT)).astype(np.int32)
        cv2.polylines(mask, [points], False, 255, max(round(weight), 1), cv2.LINE_AA, _SHIFT)


def strokes(text: str, hand: Hand) -> Strokes:
    return _digit(text, hand) if text.isdigit() else _syllable(text, hand)


def _line(*points: float) -> Floats:
    return np.array(points, np.float64).reshape(-1, 2)


def _arc(x: float, y: float, rx: float, ry: float, start: float, end: float, power: float = 2.0) -> Floats:
    """Degrees, clockwise from the right, as y points down."""
    angle = np.radians(np.linspace(start, end, max(int(abs(end - start) / 12), 3)))
    c, s = np.cos(angle), np.sin(angle)
    return np.stack(
        [x + rx * np.sign(c) * np.abs(c) ** (2 / power), y + ry * np.sign(s) * np.abs(s) ** (2 / power)], axis=1
    )


def _digit(text: str, hand: Hand) -> Strokes:
    r, w = hand.round, hand.waist
    belly = _arc(0.5, 0.67, 0.5, 0.33, 0, 360, min(r, 2.6))
    curved = np.concatenate([_arc(0.55, 0.28, 0.5, 0.28, 325, 200), _line(0, 0.67)])
    six = [belly, _line(0.85 - 0.15 * hand.open, 0, 0.03, 0.6) if hand.open > 0.5 else curved]
    head = _line(0.03, 0, 0.95, 0, 0.4, w) if hand.flat3 else _arc(0.45, w / 2, 0.5, w / 2, 190, 450)
    shapes: dict[str, Strokes] = {
        "0": [_arc(0.5, 0.5, 0.5, 0.5, 0, 360, r)],
        "1": [_line(0, hand.flag, 0.75, 0, 0.75, 1) if hand.flag else _line(0.5, 0, 0.5, 1)],
        "2": [np.concatenate([_arc(0.5, 0.28, 0.48, 0.28, 180, 390), _line(0.02, 1, 1, 1)])],
        "3": [np.concatenate([head, _line(0.35, w)]), _arc(0.45, (1 + w) / 2, 0.55, (1 - w) / 2, -80, 170)],
        "4": [_line(0.74, 1, 0.74, 0, 0, hand.cross, 1, hand.cross)],
        "5": [np.concatenate([_line(0.92, 0, 0.14, 0, 0.07, 0.47), _arc(0.47, 0.66, 0.53, 0.34, 225, 520)])],
        "6": six,
        "7": [_line(0, 0, 1, 0, 0.35, 1)],
        "8": [_arc(0.5, w / 2, 0.44, w / 2, 0, 360), _arc(0.5, (1 + w) / 2, 0.5, (1 - w) / 2, 0, 360)],
        "9": [1 - line for line in six],
    }
    return shapes[text]


def _syllable(text: str, hand: Hand) -> Strokes:
    code = ord(text) - 0xAC00
    initial, vowel, final = INITIALS[code // 588], VOWELS[code % 588 // 28], FINALS[code % 28]
    bottom = hand.final - 0.06 if final != " " else 1.0
    return _placed(_open_syllable(initial, vowel, hand, final == " "), 0, 0, 1, bottom) + (
        _placed(_consonant(final, replace(hand, slant=0.0)), 0.12, hand.final + 0.04, 0.95, 1) if final != " " else []
    )


def _open_syllable(initial: str, vowel: str, hand: Hand, alone: bool) -> Strokes:
    tall = {"ㅘ": "ㅏ", "ㅝ": "ㅓ", "ㅢ": "ㅣ", "ㅟ": "ㅣ", "ㅚ": "ㅣ", "ㅞ": "ㅔ", "ㅙ": "ㅐ"}.get(vowel)
    flat = {"ㅘ": "ㅗ", "ㅝ": "ㅜ", "ㅢ": "ㅡ", "ㅟ": "ㅜ", "ㅚ": "ㅗ", "ㅞ": "ㅜ", "ㅙ": "ㅗ"}.get(vowel)
    if tall and flat:
        return (
            _placed(_consonant(initial, hand), 0.03, 0.0, 0.58, 0.48)
            + _placed(_flat(flat), 0.0, 0.58, 0.66, 0.88)
            + _placed(_tall(tall, hand), 0.72, 0.0, 1.0, 1.0)
        )
    if vowel in "ㅗㅛㅜㅠㅡ":
        # under a hat there is little room for the ring, and ㅗ hangs close below it
        cut = hand.lower + (0.11 if hand.hat and initial in "ㅊㅎ" else 0.0)
        inset = 0.12 if initial != "ㅅ" else 0.05
        return _placed(_consonant(initial, hand), inset, 0.0, 1 - inset, cut) + _placed(
            _flat(vowel), 0.0, cut + 0.08, 1.0, 1.0
        )
    side = hand.split * (0.86 if vowel in "ㅐㅔ" else 1.0)
    top, low = (0.06, 0.9) if alone else (0.0, 0.92)
    return _placed(_consonant(initial, hand), 0.0, top, side, low) + _placed(_tall(vowel, hand), side, 0, 1, 1)


def _placed(lines: Strokes, x1: float, y1: float, x2: float, y2: float) -> Strokes:
    return [line * (x2 - x1, y2 - y1) + (x1, y1) for line in lines]


def _consonant(letter: str, hand: Hand) -> Strokes:
    ring = _arc(0.5, 0.5, 0.5, 0.5, 0, 360, min(hand.round, 2.6))
    fork = [_line(0.5, 0, 0.45, 0.35, 0, 1), _line(0.48, 0.3, 1, 1)]
    leg = 1 - hand.slant
    hat = [_line(0.5, 0, 0.5, hand.hat), _line(0, hand.hat, 1, hand.hat)]
    if hand.hat and letter == "ㅎ":
        return hat + _placed([ring], 0.04, hand.hat + 0.1, 0.96, 1)
    if hand.hat and letter == "ㅊ":
        return hat + _placed(fork, 0, hand.hat, 1, 1)
    shapes: dict[str, Strokes] = {
        "ㄱ": [_line(0, 0, 1, 0, leg, 1)],
        "ㄴ": [_line(0, 0, 0, 1, 1, 1)],
        "ㄷ": [_line(1, 0, 0, 0, 0, 1, 1, 1)],
        "ㄹ": [_line(0, 0, 1, 0, 1, 0.48, 0, 0.48, 0, 1, 1, 1)],
        "ㅁ": [_line(0, 0, 1, 0, 1, 1, 0, 1, 0, 0)],
        "ㅂ": [_line(0, 0, 0, 1, 1, 1, 1, 0), _line(0, 0.45, 1, 0.45)],
        "ㅅ": fork,
        "ㅇ": [ring],
        "ㅈ": [_line(0, 0, 1, 0), *_placed(fork, 0, 0, 1, 1)],
        "ㅊ": [_line(0.3, 0, 0.7, 0), _line(0, 0.24, 1, 0.24), *_placed(fork, 0, 0.24, 1, 1)],
        "ㅋ": [_line(0, 0, 1, 0, leg, 1), _line(0, 0.48, 1 - hand.slant * 0.48, 0.48)],
        "ㅌ": [_line(1, 0, 0, 0, 0, 1, 1, 1), _line(0, 0.5, 1, 0.5)],
        "ㅍ": [_line(0, 0, 1, 0), _line(0, 1, 1, 1), _line(0.3, 0, 0.3, 1), _line(0.7, 0, 0.7, 1)],
        "ㅎ": [_line(0.3, 0, 0.7, 0), _line(0, 0.25, 1, 0.25), *_placed([ring], 0.1, 0.45, 0.9, 1)],
    }
    return shapes[letter]


def _tall(letter: str, hand: Hand) -> Strokes:
    t = hand.tick
    bar, right, gap = _line(0.55, 0, 0.55, 1), _line(0.95, 0, 0.95, 1), 0.17
    shapes: dict[str, Strokes] = {
        "ㅏ": [bar, _line(0.55, t, 1, t)],
        "ㅑ": [bar, _line(0.55, t - gap, 1, t - gap), _line(0.55, t + gap, 1, t + gap)],
        "ㅓ": [right, _line(0.3, t, 0.95, t)],
        "ㅕ": [right, _line(0.3, t - gap, 0.95, t - gap), _line(0.3, t + gap, 0.95, t + gap)],
        "ㅣ": [_line(0.8, 0, 0.8, 1)],
        "ㅐ": [_line(0.4, 0, 0.4, 1), _line(0.95, 0, 0.95, 1), _line(0.4, t, 0.95, t)],
        "ㅔ": [_line(0.55, 0, 0.55, 1), _line(0.98, 0, 0.98, 1), _line(0.1, t, 0.55, t)],
        "ㅖ": [_line(0.55, 0, 0.55, 1), _line(0.98, 0, 0.98, 1), _line(0.1, t - gap, 0.55, t - gap),
               _line(0.1, t + gap, 0.55, t + gap)],
    }  # fmt: skip
    return shapes[letter]


def _flat(letter: str) -> Strokes:
    shapes: dict[str, Strokes] = {
        "ㅗ": [_line(0, 1, 1, 1), _line(0.5, 0.1, 0.5, 1)],
        "ㅛ": [_line(0, 1, 1, 1), _line(0.32, 0.1, 0.32, 1), _line(0.68, 0.1, 0.68, 1)],
        "ㅜ": [_line(0, 0.15, 1, 0.15), _line(0.5, 0.15, 0.5, 1)],
        "ㅠ": [_line(0, 0.15, 1, 0.15), _line(0.32, 0.15, 0.32, 1), _line(0.68, 0.15, 0.68, 1)],
        "ㅡ": [_line(0, 0.6, 1, 0.6)],
    }
    return shapes[letter]
