"""Cameras and streams, watched as they come."""

import streamlit as st

from dashboard import camera, stream_list
from dashboard.i18n import _

st.title(_("Live"))
by_camera, by_address = st.tabs([_("Camera of this device"), _("Streams")])
with by_camera:
    camera.show()
with by_address:
    stream_list.show()
