"""Configurations hold secrets: whatever stands in one,
only numbers within limits and words of closed lists come out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curvedoctor.model import ParamValue
from curvedoctor.params import PARAMS, parse_param, recognize
from curvedoctor.params.names import SPELLINGS
from curvedoctor.params.read import vocabulary

SECRETS = [
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "AKIAIOSFODNN7EXAMPLE",
    "sk-proj-adam0123456789abcdef",
    "postgresql://user:hunter2@db.internal/mlflow",
    "hf_adamwSGDrelu",
    "-----BEGIN PRIVATE KEY-----",
    "Adam(lr=0.1, token='hunter2')",
    "{'password': 'hunter2', 'lr': 'hunter2'}",
    "hunter2",
]
KEYS = sorted({"_".join(spelling) for spelling in SPELLINGS})


def safe(name: str, value: ParamValue) -> bool:
    """Whether a value is a number within the limits, a switch, or a word of the closed list."""
    param = PARAMS[name]
    if param.kind == "word":
        return value in vocabulary(name)
    if param.kind == "bool":
        return isinstance(value, bool)
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and param.low <= value <= param.high
    )


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_under_recognized_keys(secret: str) -> None:
    for key in KEYS:
        for raw in (
            {key: secret},
            {"config": {key: secret}},
            {"optimizer": {key: secret, "name": secret}},
            {key: [secret]},
        ):
            found = recognize(raw)
            assert all(safe(name, value) for name, value in found.items())
            assert "hunter2" not in str(found)
            assert secret not in map(str, found.values())


@pytest.mark.parametrize(
    "key",
    [
        "lr_api_token",
        "password",
        "optimizer_password",
        "api_key",
        "wandb.lr",
        "token",
        "lr-secret",
        "secret.batch_size_key",
        "n_train_credentials",
    ],
)
def test_secret_keys(key: str) -> None:
    assert recognize({key: "0.1", f"a.{key}": 7, f"{key}_2": "adam"}) == {}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(SECRETS),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=8)), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.one_of(st.sampled_from(KEYS), st.text(max_size=12)), JSON, max_size=6))
@settings(max_examples=200, deadline=None)
def test_any_configuration(raw: dict[str, object]) -> None:
    found = recognize(raw)
    assert all(name in PARAMS and safe(name, value) for name, value in found.items())
    assert recognize(dict(reversed(raw.items()))) == found
    assert recognize(found).items() >= {k: v for k, v in found.items() if k not in ("epochs",)}.items()


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_given_text(text: str) -> None:
    try:
        name, value = parse_param(text)
    except ValueError:
        return
    assert safe(name, value)


def test_hostile_sizes() -> None:
    deep: dict[str, object] = {"lr": 0.1}
    for _ in range(3000):
        deep = {"a": deep}
    assert recognize(deep) == {}
    assert (
        recognize(
            {"k" * 100_000: 1, "lr": "9" * 100_000, "optimizer": "adam" * 100_000, "hidden": "1," * 100_000}
        )
        == {}
    )
    assert recognize({"optimizer": "{" * 10_000 + "}" * 10_000}) == {}
    wide: dict[str, object] = {f"key{i}": i for i in range(100_000)}
    assert recognize(wide) == {}


def test_values_that_lie_about_themselves() -> None:
    class Liar:
        size = 1

        def item(self) -> object:
            raise RuntimeError("no")

        def __str__(self) -> str:
            raise RuntimeError("no")

    assert recognize({"lr": Liar(), "optimizer": Liar(), "shuffle": Liar()}) == {}
