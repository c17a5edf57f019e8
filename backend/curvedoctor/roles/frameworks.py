"""Rules for the habits of single frameworks, each marked with its name so that a score without it can be taken."""

from __future__ import annotations

from curvedoctor.model import Quantity, Split
from curvedoctor.roles.rules import Rule
from curvedoctor.roles.words import Name


def _yolo_metrics(name: Name) -> Split | None:
    if (
        len(name.parts) == 2
        and name.parts[0] == ("metrics",)
        and {"precision", "recall", "accuracy"} & set(name.leaf)
    ):
        return "val"
    return None


#: parts of a detector
_DETECTION = frozenset(
    {"cls", "box", "bbox", "rpn", "mask", "keypoint", "reg", "loc", "centerness", "obj", "seg", "sem"}
)


def _detectron(name: Name) -> Split | None:
    if len(name.parts) != 1 or name.folder:
        return None
    if name.leaf == ("total", "loss") or (name.leaf[:1] == ("loss",) and set(name.leaf[1:]) & _DETECTION):
        return "train"
    return None


def _detectron_heads(name: Name) -> Split | None:
    heads = {("fast", "rcnn"), ("mask", "rcnn"), ("rpn",), ("roi", "head"), ("keypoint", "rcnn")}
    return "train" if len(name.parts) == 2 and name.parts[0] in heads else None


def _lightgbm_norm(name: Name) -> Quantity | None:
    return "loss" if {"l1", "l2"} & set(name.leaf) and len(name.leaf) <= 4 else None


def _nnunet(name: Name) -> Split | None:
    return "val" if {"fg", "dice"} <= set(name.leaf) else None


SPLIT: tuple[Rule[Split], ...] = (
    Rule(_nnunet, "nnU-Net measures the foreground's Dice on validation patches", "nnunet"),
    Rule(_yolo_metrics, "YOLO logs under metrics/ what its validation gives", "ultralytics"),
    Rule(_detectron, "detectron2 logs its training losses without a prefix", "detectron2"),
    Rule(_detectron_heads, "detectron2 logs its heads' training statistics", "detectron2"),
)
QUANTITY: tuple[Rule[Quantity], ...] = (
    Rule(_lightgbm_norm, "LightGBM names its squared loss l2", "lightgbm"),
)
