"""Rules for the habits of single frameworks,
each marked with its name so that a score without it can be taken."""

# ruff: noqa: SIM905 - lists of words read best as text

from __future__ import annotations

import re

from curvedoctor.model import Quantity, Split
from curvedoctor.roles import vocabulary as v
from curvedoctor.roles.rules import Rule
from curvedoctor.roles.tag_words import Name


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
    (
        "ce dice cls class box bbox giou iou rpn mask keypoint reg loc centerness center "
        "offset obj objectness seg sem ins point"
    ).split()
)


def _detectron(name: Name) -> Split | None:
    if len(name.parts) != 1 or name.folder:
        return None
    if name.leaf == ("total", "loss") or (name.leaf[:1] == ("loss",) and set(name.leaf[1:]) & _DETECTION):
        return "train"
    return None


def _detectron_heads(name: Name) -> Split | None:
    heads = {("fast", "rcnn"), ("mask", "rcnn"), ("rpn",), ("roi", "head"), ("keypoint", "rcnn")}
    return "train" if len(name.parts) > 1 and name.parts[-2] in heads else None


#: tasks that detectron2's and mmdet's evaluators head their scores with
_TASKS = frozenset(
    {
        ("bbox",),
        ("segm",),
        ("sem", "seg"),
        ("panoptic", "seg"),
        ("keypoints",),
        ("box", "proposals"),
        ("instance",),
    }
)
_SCORES = v.ACCURACY | v.ERROR | v.WHOLE_SET


def _detectron_tasks(name: Name) -> Split | None:
    """ "sem_seg/IoU-wall", "bbox/AP": whoever trains names the loss, whoever evaluates the task."""
    scored = len(name.parts) > 1 and name.parts[-2] in _TASKS and set(name.leaf) & _SCORES
    return "val" if scored and not set(name.leaf) & v.LOSS else None


def _mm_evaluators(name: Name) -> Split | None:
    """ "NuScenes metric/…/mATE", "accuracy/top1", "single-label/precision", "IoU.wall":
    mmengine's evaluators."""
    head, leaf = name.parts[0] if name.parts else (), set(name.leaf)
    if len(name.parts) == 2 and head == ("accuracy",) and leaf & v.TOP_K:
        return "val"
    headed = head[-1:] == ("metric",) or head in {("single", "label"), ("multi", "label")}
    if len(name.parts) > 1 and headed and leaf & _SCORES:
        return "val"
    return (
        "val"
        if len(name.parts) == 1 and re.match(r"(IoU|Acc|Dice|Fscore|Precision|Recall)\.", name.text)
        else None
    )


def _mm_heads(name: Name) -> Split | None:
    """ "decode.loss_ce", "aux.acc_seg": a head's own loss and score, batch by batch."""
    heads = {"decode", "aux", "auxiliary"}
    return (
        "train"
        if len(name.parts) == 1 and name.leaf[0] in heads and {"loss", "acc"} & set(name.leaf)
        else None
    )


def _lightgbm_norm(name: Name) -> Quantity | None:
    return "loss" if {"l1", "l2"} & set(name.leaf) and len(name.leaf) <= 4 else None


def _kitti(name: Name) -> Quantity | None:
    return (
        "accuracy"
        if {"r", "40"} <= set(name.leaf) and {"easy", "moderate", "hard"} & set(name.leaf)
        else None
    )


def _kitti_split(name: Name) -> Split | None:
    proposals = name.parts[:1] == (("recall",),) and {"roi", "rcnn"} & set(name.leaf)
    return "val" if _kitti(name) or proposals else None


def _catboost_loss(name: Name) -> Quantity | None:
    return (
        "loss"
        if name.leaf[:2] == ("multi", "class") and name.leaf[2:] in ((), ("one", "vs", "all"))
        else None
    )


def _nnunet(name: Name) -> Split | None:
    leaf = set(name.leaf)
    return "val" if {"fg", "dice"} <= leaf or {"dice", "per", "class", "region"} <= leaf else None


def _d3rlpy(name: Name) -> Quantity | None:
    """ "environment", "metrics/environment": the mean return of an evaluation's episodes."""
    return "reward" if is_environment(name) else None


def _d3rlpy_split(name: Name) -> Split | None:
    return "val" if is_environment(name) else None


def is_environment(name: Name) -> bool:
    """Whether the whole name is "environment", in a section of metrics at most."""
    return name.parts in ((("environment",),), (("metrics",), ("environment",)))


SPLIT: tuple[Rule[Split], ...] = (
    Rule(_nnunet, "nnU-Net measures the foreground's Dice on validation patches", "nnunet"),
    Rule(_d3rlpy_split, "d3rlpy evaluates its agents in the environment", "d3rlpy"),
    Rule(_yolo_metrics, "YOLO logs under metrics/ what its validation gives", "ultralytics"),
    Rule(_detectron_tasks, "detectron2's and mmdet's evaluators name the task", "detectron2"),
    Rule(_kitti_split, "OpenPCDet evaluates so", "openpcdet"),
    Rule(_mm_evaluators, "mmengine's evaluators name it so", "mmengine"),
    Rule(_mm_heads, "mmsegmentation logs its heads' training losses and scores", "mmengine"),
    Rule(_detectron, "detectron2 logs its training losses without a prefix", "detectron2"),
    Rule(_detectron_heads, "detectron2 logs its heads' training statistics", "detectron2"),
)
QUANTITY: tuple[Rule[Quantity], ...] = (
    Rule(_d3rlpy, "d3rlpy names the return of its evaluation after the environment", "d3rlpy"),
    Rule(_kitti, "average precision at 40 recalls, by KITTI's levels of difficulty", "openpcdet"),
    Rule(_catboost_loss, "CatBoost's cross-entropy", "catboost"),
    Rule(_lightgbm_norm, "LightGBM names its squared loss l2", "lightgbm"),
)
