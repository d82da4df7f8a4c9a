"""Nobody is told that the product runs."""

import subprocess
import sys


def test_openvino_sends_nothing() -> None:
    loaded = "import pipeline.yolo, openvino.tools.ovc.main as ovc; print(ovc.tm.__name__)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "openvino.tools.ovc.telemetry_stub"
