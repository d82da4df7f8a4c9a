"""Hand in clips, watch the queue, look at what came of it."""

import streamlit as st

from dashboard import hand_in, queue, resources
from dashboard.i18n import _
from dashboard.text import told

worker = resources.worker()
st.title(_("Analyse"))
hand_in.show()
if worker.trouble:
    st.error(_("The queue stands still: {reason}", reason=told(worker.trouble)), icon=":material/database_off:")
queue.under_way()
queue.results()
