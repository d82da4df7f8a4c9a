import openvino

from pipeline.settings import Settings
from pipeline.weights import read_manifest
from pipeline.yolo import Yolo


def test_every_machine_counts_with_32_bits(settings: Settings) -> None:
    """With bfloat16, which OpenVINO takes where a CPU has it, a violation of the demo clip was lost."""
    model = Yolo(read_manifest(settings.weights).stage1, settings.model_copy(update={"device": "cpu"}))
    network = model._model.predictor.model.backend.ov_compiled_model
    assert network.get_property("INFERENCE_PRECISION_HINT") == openvino.Type.f32
