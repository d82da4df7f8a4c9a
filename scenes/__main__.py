"""`python -m scenes sample | frames | plates`: see README."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pipeline.errors import HelmetWatchError

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    arguments = _arguments()
    try:
        arguments.run(arguments)
    except HelmetWatchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scenes", description="Rendered streets with known truth")
    commands = parser.add_subparsers(required=True)
    sample = commands.add_parser("sample", help="render a clip of samples/ and its truth again")
    sample.add_argument("name", help="demo or rain")
    sample.add_argument("--work", type=Path, help="rendered frames; those that exist stay (default: runs/NAME)")
    sample.add_argument("--out", type=Path, help="the clip (default: samples/NAME.mp4)")
    sample.set_defaults(run=_sample)
    frames = commands.add_parser("frames", help="labelled frames by chance: a YOLO data set")
    frames.add_argument("--count", type=int, required=True)
    frames.add_argument("--seed", type=int, default=0)
    frames.add_argument("--black-half-helmets", action="store_true", help="riders wear no other helmets")
    frames.add_argument("--out", type=Path, required=True)
    frames.set_defaults(run=_frames)
    plates = commands.add_parser("plates", help="plate sequences by chance, drawn without Blender")
    plates.add_argument("--count", type=int, required=True, help="sequences of 5 to 30 frames")
    plates.add_argument("--seed", type=int, default=0)
    plates.add_argument("--cars", type=float, default=0.2, help="share of cars' plates, 0 to 1")
    plates.add_argument("--size", type=float, help="height of the characters, pixels, in ten frames; otherwise falling")
    plates.add_argument("--out", type=Path, required=True)
    plates.set_defaults(run=_plates)
    return parser.parse_args()


# each command loads only what it needs: plates want neither Blender nor the denoiser


def _sample(arguments: argparse.Namespace) -> None:
    from scenes import samples  # noqa: PLC0415

    name = arguments.name
    if name not in samples.SAMPLES:
        raise HelmetWatchError(f"{name} is no sample: there are {', '.join(samples.SAMPLES)}")
    work, out = arguments.work or ROOT / "runs" / name, arguments.out or ROOT / "samples" / f"{name}.mp4"
    samples.make(samples.SAMPLES[name], work, out)


def _frames(arguments: argparse.Namespace) -> None:
    from scenes import frames  # noqa: PLC0415

    frames.make(arguments.out, arguments.count, arguments.seed, black_half_helmets=arguments.black_half_helmets)


def _plates(arguments: argparse.Namespace) -> None:
    from scenes import sequences  # noqa: PLC0415

    sequences.write(arguments.out, arguments.count, arguments.seed, arguments.cars, arguments.size)


if __name__ == "__main__":
    sys.exit(main())
