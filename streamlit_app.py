"""The router: what works behind the pages is started, then the page."""

import streamlit as st

from dashboard import address, browser, i18n, keys, look, playing, resources, review, reviewer
from dashboard.i18n import _
from dashboard.telling import or_say_why

st.set_page_config(page_icon=look.ICON, layout="wide")
with st.sidebar:
    i18n.switch()
    reviewer.show()
    keys.switch()
    browser.speak(i18n.language())
    browser.read_out()
    playing.begin()
    browser.asked_again(review.close_case)
look.show()
page = st.navigation(
    [
        st.Page("dashboard/pages/analyse.py", title=_("Analyse"), icon=":material/upload:", default=True),
        st.Page("dashboard/pages/live.py", title=_("Live"), icon=":material/videocam:"),
        st.Page("dashboard/pages/gallery.py", title=_("Gallery"), icon=":material/photo_library:"),
        st.Page("dashboard/pages/plates.py", title=_("OCR attempts"), icon=":material/pin:"),
        st.Page("dashboard/pages/turned_down.py", title=_("Turned down"), icon=":material/gavel:"),
        st.Page("dashboard/pages/statistics.py", title=_("Statistics"), icon=":material/bar_chart:"),
        st.Page("dashboard/pages/demo.py", title=_("Class demo"), icon=":material/school:"),
    ]
)
st.set_page_config(page_title=_("{page} · Helmet Watch", page=page.title))
address.arrive(page.url_path)
with st.sidebar:
    browser.begin_at_top(page.url_path)
with or_say_why():
    resources.start()
    page.run()
