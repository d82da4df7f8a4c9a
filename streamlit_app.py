"""The router: pages, nothing else."""

import streamlit as st

st.set_page_config(page_title="Helmet Watch", page_icon=":material/sports_motorsports:", layout="wide")
st.navigation(
    [
        st.Page("dashboard/pages/analyse.py", title="Analyse", icon=":material/upload:", default=True),
        st.Page("dashboard/pages/gallery.py", title="Gallery", icon=":material/photo_library:"),
        st.Page("dashboard/pages/plates.py", title="OCR attempts", icon=":material/pin:"),
        st.Page("dashboard/pages/turned_down.py", title="Turned down", icon=":material/gavel:"),
    ]
).run()
