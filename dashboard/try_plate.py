"""A place to try OCR on crops of one's own."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TookTooLong
from typing import Any

import streamlit as st

from dashboard import attempts, resources
from dashboard.attempts import Attempt
from dashboard.i18n import _, later
from dashboard.plate_text import chance, not_readable, spelled
from dashboard.text import plain, told
from pipeline.errors import HelmetWatchError
from pipeline.ocr_protocol import MAX_CROPS, to_image
from pipeline.settings import PlateEngine, PlateUpscale
from pipeline.types import PlateCrop, PlateFound

_PATIENCE_S = 120.0  # the first time, the models' libraries are loaded
_FRAME_S = 1 / 15
_UPSCALE = {
    PlateUpscale.OFF: later("Off"),
    PlateUpscale.BICUBIC: later("Bicubic"),
    PlateUpscale.NETWORK: later("Network"),
}
_ENGINE = {
    PlateEngine.OWN: later("Ours, for Korean plates"),
    PlateEngine.STOCK: later("EasyOCR's Korean and English (downloads)"),
}


def show() -> None:
    files = st.file_uploader(
        _("Plate crops: one, or several of the same plate"),
        type=["jpg", "jpeg", "png", "webp", "bmp"],
        accept_multiple_files=True,
        key="try-crops",
    )
    settings = resources.settings()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        upscale = st.segmented_control(
            _("Upscaling"), list(_UPSCALE), format_func=lambda one: _(_UPSCALE[one]), default=settings.plate_upscale,
            key="try-upscale", required=True,
        )  # fmt: skip
        engine = st.segmented_control(
            _("Engine"), list(_ENGINE), format_func=lambda one: _(_ENGINE[one]), default=settings.plate_engine,
            key="try-engine", required=True, wrap=True,
        )  # fmt: skip
        fusion = st.toggle(_("Also read all crops made into one"), settings.plate_fusion, key="try-fusion")
    if not files:
        return
    if len(files) > MAX_CROPS:
        st.warning(
            _("The first {most} of {n} pictures are read.", most=MAX_CROPS, n=len(files)), icon=":material/filter_list:"
        )
    crops = _crops(files[:MAX_CROPS])
    if crops:
        _read(crops, upscale, engine, fusion)


def _crops(files: Any) -> list[PlateCrop]:
    crops = []
    for row, file in enumerate(files):
        try:
            crops.append(PlateCrop(to_image(file.getvalue()), row * _FRAME_S))
        except HelmetWatchError as error:
            st.error(f"{plain(file.name)}: {told(str(error))}", icon=":material/broken_image:")
    return crops


def _read(crops: list[PlateCrop], upscale: PlateUpscale, engine: PlateEngine, fusion: bool) -> None:
    under_way: Future[PlateFound] = resources.plate_reader(upscale, engine, fusion).submit(crops)
    try:
        with st.spinner(_("Reading")):
            found = under_way.result(_PATIENCE_S)
    except TookTooLong:
        st.error(_("Reading takes too long: try again, or with fewer crops."), icon=":material/timer_off:")
        return
    except HelmetWatchError as error:
        st.error(told(str(error)), icon=":material/error:")
        return
    plate = found.plate
    if plate.readable:
        st.success(f"**{plain(spelled(plate.text))}** · {chance(plate.probability)}", icon=":material/pin:")
    elif plate.text:
        st.info(not_readable(plate.text, plate.probability).capitalize(), icon=":material/help:")
    else:
        st.info(_("Not readable: nothing that could stand on a Korean plate."), icon=":material/help:")
    rows = [
        Attempt(read, f"{read.time_s / _FRAME_S + 1:.0f}", *pictures)
        for read, pictures in zip(plate.reads, found.pictures, strict=True)
    ]
    attempts.table(rows, plate.text, "try")
