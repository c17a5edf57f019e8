"""`--param key=value`: what is accepted, and what a refusal says."""

from __future__ import annotations

import pytest

from curvedoctor.params import PARAMS, parse_param


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n_val=1000", ("n_val", 1000)),
        (" lr = 1e-3 ", ("lr", 0.001)),
        ("learning_rate=0.1", ("lr", 0.1)),
        ("optimizer=AdamW", ("optimizer", "adamw")),
        ("loss=BCEWithLogitsLoss", ("loss", "bce")),
        ("shuffle=no", ("shuffle", False)),
        ("n_classes=2", ("n_classes", 2)),
        ("epochs=1e2", ("epochs", 100)),
    ],
)
def test_accepted(text: str, expected: tuple[str, object]) -> None:
    assert parse_param(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("n_val", "write key=value"),
        ("=3", "write key=value"),
        ("lr=", "write key=value"),
        ("n_vals=3", "known are lr, "),
        ("lr=-1", "above 0 to 10000"),
        ("batch_size=1.5", "a whole number from 1"),
        ("optimizer=adm", "one of .*adamw"),
        ("shuffle=perhaps", "true or false"),
    ],
)
def test_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_param(text)


def test_table_is_complete() -> None:
    for name, param in PARAMS.items():
        assert param.name == name
        assert param.meaning
        assert param.low < param.high
        assert param.kind in ("int", "float", "bool", "word")
