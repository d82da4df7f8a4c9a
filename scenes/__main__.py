"""`python -m scenes sample | frames | plates`: see README."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import HelmetWatchError
from pipeline.training import command
from scenes.looks import Helmets

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    return command.report(lambda: [options.run(options)])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m scenes", description="Rendered streets with known truth")
    commands = parser.add_subparsers(required=True)
    sample = commands.add_parser("sample", help="render a clip of samples/ and its truth again")
    sample.add_argument("name", help="demo or rain")
    sample.add_argument("--work", type=Path, help="rendered frames; those that exist stay (default: runs/NAME)")
    sample.add_argument("--out", type=Path, help="the clip (default: samples/NAME.mp4)")
    sample.set_defaults(run=_sample)
    frames = commands.add_parser("frames", help="labelled frames by chance: a YOLO data set")
    frames.add_argument("--count", type=command.positive, required=True)
    frames.add_argument("--seed", type=command.seed, default=0)
    frames.add_argument("--helmets", type=Helmets, choices=list(Helmets), default=Helmets.ANY)
    frames.add_argument("--weather", help="day, rain, dusk or night (default: any)")
    frames.add_argument(
        "--pushing", type=command.share, default=0.4, help="share of streets where somebody pushes a motorcycle, 0 to 1"
    )
    frames.add_argument("--out", type=Path, required=True)
    frames.set_defaults(run=_frames)
    plates = commands.add_parser("plates", help="plate sequences by chance, drawn without Blender")
    plates.add_argument("--count", type=command.positive, required=True, help="sequences of 5 to 30 frames")
    plates.add_argument("--seed", type=command.seed, default=0)
    plates.add_argument("--cars", type=command.share, default=0.2, help="share of cars' plates, 0 to 1")
    plates.add_argument(
        "--size", type=command.height, help="height of the largest characters, pixels, in ten frames; otherwise falling"
    )
    plates.add_argument("--out", type=Path, required=True)
    plates.set_defaults(run=_plates)
    return parser.parse_args(arguments)


# each command loads only what it needs: plates want neither Blender nor the denoiser


def _sample(options: argparse.Namespace) -> Path:
    from scenes import samples  # noqa: PLC0415

    name = options.name
    if name not in samples.SAMPLES:
        raise HelmetWatchError(f"{name} is no sample: there are {', '.join(samples.SAMPLES)}")
    work, out = options.work or ROOT / "runs" / name, options.out or ROOT / "samples" / f"{name}.mp4"
    samples.make(samples.SAMPLES[name], work, out)
    return out


def _frames(options: argparse.Namespace) -> Path:
    from scenes import chance, frames  # noqa: PLC0415

    weathers = {weather.name: weather for weather in chance.WEATHERS}
    if options.weather is not None and options.weather not in weathers:
        raise HelmetWatchError(f"{options.weather} is no weather: there are {', '.join(weathers)}")
    wishes = chance.Wishes(options.helmets, weathers.get(options.weather), options.pushing)
    frames.make(options.out, options.count, options.seed, wishes)
    return options.out / "data.yaml"


def _plates(options: argparse.Namespace) -> Path:
    from scenes import sequences  # noqa: PLC0415

    sequences.write(options.out, options.count, options.seed, options.cars, options.size)
    return options.out / "labels.csv"


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or Blender would go on for hours without anybody
    sys.exit(main())
