"""A place to try OCR on crops of one's own."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any

import streamlit as st

from dashboard import attempts, resources
from dashboard.attempts import Attempt
from dashboard.plate_text import spelled
from dashboard.text import plain
from pipeline.errors import HelmetWatchError
from pipeline.ocr_protocol import MAX_CROPS, to_image
from pipeline.settings import PlateEngine, PlateUpscale
from pipeline.types import PlateCrop, PlateFound

_PATIENCE_S = 120.0  # the first time, the models' libraries are loaded
_FRAME_S = 1 / 15
_UPSCALE = {PlateUpscale.OFF: "Off", PlateUpscale.BICUBIC: "Bicubic", PlateUpscale.NETWORK: "Network"}
_ENGINE = {PlateEngine.OWN: "Ours, for Korean plates", PlateEngine.STOCK: "EasyOCR's Korean and English (downloads)"}


def show() -> None:
    files = st.file_uploader(
        "Plate crops: one, or several of the same plate",
        type=["jpg", "jpeg", "png", "webp", "bmp"],
        accept_multiple_files=True,
        key="try-crops",
    )
    settings = resources.settings()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        upscale = st.segmented_control(
            "Upscaling", list(_UPSCALE), format_func=_UPSCALE.__getitem__, default=settings.plate_upscale,
            key="try-upscale", required=True,
        )  # fmt: skip
        engine = st.segmented_control(
            "Engine", list(_ENGINE), format_func=_ENGINE.__getitem__, default=settings.plate_engine,
            key="try-engine", required=True,
        )  # fmt: skip
        fusion = st.toggle("Also read all crops made into one", settings.plate_fusion, key="try-fusion")
    if not files:
        return
    if len(files) > MAX_CROPS:
        st.warning(f"The first {MAX_CROPS} of {len(files)} pictures are read.", icon=":material/filter_list:")
    crops = _crops(files[:MAX_CROPS])
    if crops:
        _read(crops, upscale, engine, fusion)


def _crops(files: Any) -> list[PlateCrop]:
    crops = []
    for row, file in enumerate(files):
        try:
            crops.append(PlateCrop(to_image(file.getvalue()), row * _FRAME_S))
        except HelmetWatchError as error:
            st.error(f"{plain(file.name)}: {plain(str(error))}", icon=":material/broken_image:")
    return crops


def _read(crops: list[PlateCrop], upscale: PlateUpscale, engine: PlateEngine, fusion: bool) -> None:
    under_way: Future[PlateFound] = resources.plate_reader(upscale, engine, fusion).submit(crops)
    try:
        with st.spinner("Reading"):
            found = under_way.result(_PATIENCE_S)
    except TookTooLong:
        st.error("Reading takes too long: try again, or with fewer crops.", icon=":material/timer_off:")
        return
    except HelmetWatchError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    plate = found.plate
    if plate.readable:
        st.success(f"**{plain(spelled(plate.text))}** · {plate.probability:.0%}", icon=":material/pin:")
    elif plate.text:
        guess = f"at a guess {plain(spelled(plate.text))}, {plate.probability:.0%}"
        st.info(f"Not readable ({guess})", icon=":material/help:")
    else:
        st.info("Not readable: nothing that could stand on a Korean plate.", icon=":material/help:")
    rows = [Attempt(read, *pictures) for read, pictures in zip(plate.reads, found.pictures, strict=True)]
    attempts.table(rows, plate.text)
