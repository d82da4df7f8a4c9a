"""Pictures and clips of the store on a page. Where one is lost, the page says so and goes on."""

from __future__ import annotations

from typing import Any, Literal

import cv2
import streamlit as st

from dashboard import resources
from dashboard.i18n import _
from db.models import Job

_UPRIGHT = 360  # pixels: the width of an upright clip, which is as high as the window


def picture(name: str, alt: str, width: int | Literal["stretch"] = "stretch") -> None:
    path = resources.store().path(name)
    if cv2.haveImageReader(str(path)):
        st.image(path, width=width, alt=alt)
    else:
        lost()


def lost() -> None:
    """In the place of a picture, however small."""
    missing = _("This picture is missing from the data folder, or broken.")
    st.caption(f":material/broken_image: {missing}")


def video(name: str, alt: str, job: Job | None, **options: Any) -> None:
    """A clip of a job, an upright one in part of the width; the options are those of `st.video`."""
    path = resources.store().path(name)
    if path.is_file():
        upright = job is not None and (job.height or 0) > (job.width or 0)
        st.video(path, alt=alt, width=_UPRIGHT if upright else "stretch", **options)
    else:
        st.error(_("This clip is missing from the data folder."), icon=":material/broken_image:")
