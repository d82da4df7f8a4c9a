"""Cameras and streams, watched as they come."""

import streamlit as st

from dashboard import address, camera, stream_list
from dashboard.i18n import _, later

_WORDS = {"camera": later("Camera of this device"), "streams": later("Streams")}
_TAB = address.Choice("tab", "live-tab", "camera", address.one_of(_WORDS))
_SHOWN = "live-tabs"  # in the session: the words on the tab in front, in the viewer's language


def _turn(words: dict[str, str]) -> None:
    st.session_state[_TAB.key] = words[st.session_state[_SHOWN]]


st.title(_("Live"))
address.recall([_TAB])
names = {_(word): name for name, word in _WORDS.items()}
st.session_state[_SHOWN] = _(_WORDS[st.session_state[_TAB.key]])
by_camera, by_address = st.tabs(list(names), key=_SHOWN, on_change=_turn, args=(names,))
address.keep([_TAB])
with by_camera:
    camera.show()
with by_address:
    stream_list.show()
