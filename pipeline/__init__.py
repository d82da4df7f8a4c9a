"""Frames in, violations out. Knows no Streamlit; of the database only the command line and the OCR server know."""

import os
import sys

# ultralytics reads these when it is imported: it shall install nothing, ask no server, unpickle nothing
# but its own classes, and keep its log out of what commands print, whatever a person's own work wants of it
os.environ.setdefault("YOLO_AUTOINSTALL", "0")
os.environ.setdefault("YOLO_OFFLINE", "1")
os.environ["YOLO_VERBOSE"] = "0"
os.environ.setdefault("ULTRALYTICS_SAFE_LOAD", "1")

# openvino would tell an analytics server that it runs, from a fork of this process that outlives a stop;
# where this module cannot be imported it goes without
sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
