"""Hand in clips, watch the queue, look at what came of it."""

import streamlit as st

from dashboard import hand_in, queue, resources
from dashboard.text import plain

worker = resources.worker()
if resources.settings().ocr_url:
    resources.postman()
st.title("Analyse")
hand_in.show()
if worker.trouble:
    st.error(f"The queue stands still: {plain(worker.trouble)}", icon=":material/database_off:")
queue.under_way()
queue.results()
