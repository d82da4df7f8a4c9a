import pytest
import torch
from ultralytics.cfg import get_cfg
from ultralytics.nn.tasks import DetectionModel

from pipeline.training.loss import IgnoringLoss

SIDE = 64


@pytest.fixture(scope="module")
def model() -> DetectionModel:
    torch.manual_seed(0)
    model = DetectionModel("yolo11n.yaml", nc=4, verbose=False)
    model.args = get_cfg()
    return model.train()


def gradient(model: DetectionModel, rows: list[list[float]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Of the class scores (anchors, classes), with labels (class, x, y, w, h), and the anchors' centres (shares)."""
    preds = model(torch.zeros(1, 3, SIDE, SIDE))
    preds = {**preds, "scores": preds["scores"].detach().requires_grad_()}
    labels = torch.tensor(rows).reshape(-1, 5)
    batch = {"cls": labels[:, :1], "bboxes": labels[:, 1:], "batch_idx": torch.zeros(len(labels))}
    loss, _ = IgnoringLoss(model)(preds, batch)
    torch.autograd.backward(loss.sum())
    centres = [((torch.arange(n) + 0.5) / n, (torch.arange(n) + 0.5) / n) for n in (SIDE // 8, SIDE // 16, SIDE // 32)]
    points = torch.cat([torch.stack(torch.meshgrid(y, x, indexing="ij"), -1).reshape(-1, 2) for y, x in centres])
    return preds["scores"].grad[0].T, points.flip(1)


def test_nothing_is_learned_of_a_class_inside_its_ignored_region(model: DetectionModel) -> None:
    scores, points = gradient(model, [[5, 0.25, 0.5, 0.5, 1.0]])  # class 1 unknown in the left half
    left = points[:, 0] < 0.45
    assert (scores[left, 1] == 0).all()
    assert (scores[points[:, 0] > 0.9, 1] != 0).all(), "class 1 is learned as background on the right"
    assert (scores[left][:, [0, 2, 3]] != 0).all(), "other classes are learned in the region too"


def test_a_real_object_in_an_ignored_region_is_learned_with_all_classes(model: DetectionModel) -> None:
    everywhere = [5, 0.5, 0.5, 1.0, 1.0]
    scores, _ = gradient(model, [everywhere, [2, 0.5, 0.5, 0.4, 0.4]])
    claimed = scores[:, 2] < 0  # pulled up towards the helmet
    assert claimed.any()
    assert (scores[claimed, 1] > 0).all(), "a helmet is no bare head even where bare heads are not labelled"
    assert (scores[~claimed, 1] == 0).all()


def test_without_ignored_regions_it_is_the_plain_loss(model: DetectionModel) -> None:
    batch = {
        "cls": torch.tensor([[0.0], [1.0]]),
        "bboxes": torch.tensor([[0.5, 0.5, 0.6, 0.8], [0.5, 0.2, 0.2, 0.2]]),
        "batch_idx": torch.zeros(2),
    }
    preds = model(torch.rand(1, 3, SIDE, SIDE))
    ours, _ = IgnoringLoss(model)(preds, batch)
    plain, _ = model.init_criterion()(preds, batch)
    assert torch.allclose(ours, plain)
