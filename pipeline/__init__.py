"""Frames in, violations out. Knows no Streamlit and no database session."""

import os

# ultralytics reads these when it is imported: it shall install nothing, ask no server
# and unpickle nothing but its own classes
os.environ.setdefault("YOLO_AUTOINSTALL", "0")
os.environ.setdefault("YOLO_OFFLINE", "1")
os.environ.setdefault("YOLO_VERBOSE", "0")
os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "1")
