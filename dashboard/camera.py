"""The camera of a browser, over WebRTC: its pictures go through the watch and come back with boxes on them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Thread
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import streamlit as st
from av import VideoFrame
from streamlit_webrtc import VideoProcessorBase, WebRtcMode, webrtc_streamer

from dashboard import resources, watched
from dashboard.i18n import _
from dashboard.telling import refresh
from dashboard.text import told
from db.engine import explain
from pipeline.draw import draw
from pipeline.settings import Settings
from pipeline.video import bgr

if TYPE_CHECKING:
    from db.streams import Running

_log = logging.getLogger(__name__)
_WANTED = {
    "video": {
        "width": {"ideal": 640},
        "height": {"ideal": 480},
        "frameRate": {"ideal": 25},
        "facingMode": {"ideal": "environment"},  # a phone films the street, unless another camera is chosen
    },
    "audio": False,
}
_SHOWN = 6  # violations beside the picture


def show() -> None:
    picture, beside = st.columns([3, 2])
    with picture:
        context = webrtc_streamer(
            key="camera",
            mode=WebRtcMode.SENDRECV,
            rtc_configuration={"iceServers": ice_servers(resources.settings())},
            media_stream_constraints=_WANTED,
            video_processor_factory=lambda: Camera(resources.streams().camera),
            async_processing=True,
            media_toggle_controls=False,  # a second way to stop, with a text of its own language
            video_html_attrs={"autoPlay": True, "muted": True, "playsInline": True, "style": {"width": "100%"}},
            translations={
                "start": _("Start the camera"),
                "stop": _("Stop the camera"),
                "select_device": _("Choose a camera"),
                "media_api_not_available": _("The browser gives the camera only to pages opened over HTTPS"),
                "device_ask_permission": _("Please allow the browser to use the camera"),
                "device_not_available": _("No camera can be used"),
                "device_access_denied": _("The browser was told not to give the camera to this page"),
            },
        )
    with beside:
        if context.state.playing:
            camera = cast("Camera | None", context.video_processor)
            refresh(lambda: _panel(camera), 1.0)
        else:
            st.info(
                _(
                    "Start the camera and let the browser use it: "
                    "what it sees is analysed on this server, and violations appear here."
                ),
                icon=":material/videocam:",
            )


def ice_servers(settings: Settings) -> list[dict[str, Any]]:
    """Servers that help a browser and this server to find each other; none that no setting names."""
    servers: list[dict[str, Any]] = [{"urls": [url]} for url in settings.stun]
    if settings.turn:
        login = {"username": settings.turn_user, "credential": settings.turn_password.get_secret_value()}
        servers.append({"urls": [settings.turn], **login})
    return servers


class Camera(VideoProcessorBase):  # type: ignore[misc]
    """Puts the frames of one browser's camera under watch and draws on them; lives in streamlit-webrtc's threads."""

    def __init__(self, open_: Callable[[], Running]) -> None:
        self._open = open_
        self.running: Running | None = None
        self.trouble: str | None = None
        self._begun = self._ended = False

    def recv(self, frame: VideoFrame) -> VideoFrame:
        """The same frame with boxes; without, as long as the watch is not ready."""
        if not self._begun:  # with the first picture, so that loading models does not get into WebRTC's way
            self._begun = True
            Thread(target=self._begin, name="camera", daemon=True).start()
        running = self.running
        if running is None or running.stopped:
            return frame
        image = bgr(frame)
        marks = running.source.marks(running.put(image))
        drawn = VideoFrame.from_ndarray(np.ascontiguousarray(draw(image, marks)), format="bgr24")
        drawn.pts, drawn.time_base = frame.pts, frame.time_base
        return drawn

    def on_ended(self) -> None:
        """The camera was stopped, its page closed, or its connection lost. Ending takes time, so not in this thread."""
        self._ended = True
        Thread(target=self._end, name="camera", daemon=True).start()

    def _begin(self) -> None:
        try:
            self.running = self._open()
        except Exception as error:  # noqa: BLE001 it is told beside the picture
            _log.exception("the camera is not watched")
            self.trouble = explain(error)
        if self._ended:
            self._end()

    def _end(self) -> None:
        if self.running is not None:
            self.running.stop()


def _panel(camera: Camera | None) -> None:
    """How the analysis keeps up, and what it found."""
    if camera is not None and camera.trouble:
        st.error(told(camera.trouble), icon=":material/error:")
        return
    running = camera.running if camera is not None else None
    if running is None:
        st.caption(_("Loading the models"))
        return
    watched.trouble(running)
    figures = running.figures
    with st.container(horizontal=True):
        st.metric(_("Frames/s"), f"{figures.fps:.0f}", help=_("Pictures a second that come, and are shown"))
        st.metric(
            _("Delay"), f"{figures.delay_s * 1000:.0f} ms", help=_("From a picture to its boxes; they are moved along")
        )
        st.metric(_("Skipped"), f"{figures.skipped:,}", help=_("Pictures that were shown but not analysed"))
        st.metric(_("Stage 2"), figures.waiting, help=_("Suspects that wait for the second look"))
    total, newest = watched.violations(running.id, _SHOWN)
    st.markdown(_("**Violations: {n}**", n=total))
    for case in newest:
        watched.violation(case)
