"""The router: pages, nothing else."""

import streamlit as st

from dashboard import analyse, gallery, turned_down

st.set_page_config(page_title="Helmet Watch", page_icon=":material/sports_motorsports:", layout="wide")
st.navigation(
    [
        st.Page(analyse.page, title="Analyse", icon=":material/upload:", url_path="analyse", default=True),
        st.Page(gallery.page, title="Gallery", icon=":material/photo_library:", url_path="gallery"),
        st.Page(turned_down.page, title="Turned down", icon=":material/gavel:", url_path="turned-down"),
    ]
).run()
