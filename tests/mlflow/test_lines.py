"""Lines of metric files."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curvedoctor.sources.mlflow.lines import _by_line, parse


def test_three_columns() -> None:
    series, problem = parse(b"1700000000000 0.5 0\n1700000001000 nan 1\n1700000002000 -inf 2\n", "loss")
    assert problem is None
    assert series.steps.tolist() == [0, 1, 2]
    assert series.times.tolist() == [1.7e12, 1.700000001e12, 1.700000002e12]
    np.testing.assert_array_equal(series.values, [0.5, np.nan, -np.inf])


def test_two_columns_have_no_step_and_five_name_a_data_set() -> None:
    series, problem = parse(b"1 0.5\n2 0.25 7 my data digest\n3 0.125 8 d 9f\n", "loss")
    assert problem is None
    assert series.steps.tolist() == [0, 7, 8]
    assert series.values.tolist() == [0.5, 0.25, 0.125]


def test_bad_lines_are_told_with_their_place_and_the_rest_is_read() -> None:
    series, problem = parse(b"1 0.5 0\nrubbish\n2 x 1\n3 0.25 2\n", "m/loss")
    assert series.values.tolist() == [0.5, 0.25]
    assert problem is not None
    assert (problem.where, problem.offset) == ("m/loss", 8)
    assert "2 of 4 lines" in problem.what
    assert "rubbish" in problem.what


def test_a_line_that_is_still_being_written_is_left_for_later() -> None:
    whole = b"1 0.5 98\n2 0.4 99\n3 0.3 100"
    assert parse(whole, "loss")[0].steps.tolist() == [98, 99, 100]
    series, problem = parse(whole[:-1], "loss")
    assert series.steps.tolist() == [98, 99]
    assert problem is not None


def test_steps_beyond_doubles_and_beyond_integers() -> None:
    series, problem = parse(b"1 0.5 9007199254740993\n2 0.5 99999999999999999999\n", "loss")
    assert series.steps.tolist() == [9007199254740993]
    assert problem is not None


def test_three_fields_a_line_on_average_only() -> None:
    series, _ = parse(b"1 0.5\n2 0.25 7 extra\n3 0.125 8\n", "loss")
    assert series.steps.tolist() == [0, 7, 8]


@given(st.binary(max_size=200))
def test_no_bytes_raise(data: bytes) -> None:
    series, _ = parse(data, "loss")
    assert len(series.steps) == len(series.times) == len(series.values)


@given(st.lists(st.tuples(st.integers(0, 2**53), st.floats(), st.integers(-(2**53), 2**53))))
def test_what_mlflow_writes_comes_back(rows: list[tuple[int, float, int]]) -> None:
    data = "".join(f"{time} {value} {step}\n" for time, value, step in rows).encode()
    series, problem = parse(data, "loss")
    assert problem is None
    assert series.steps.tolist() == [step for _, _, step in rows]
    np.testing.assert_array_equal(series.values, np.array([value for _, value, _ in rows], dtype=float))


@given(
    st.lists(st.floats(1e-4, 1e7) | st.floats(-10, 10) | st.decimals(-(10**6), 10**6, places=12), min_size=1)
)
def test_every_number_is_read_as_float_reads_it(numbers: list[float]) -> None:
    text = [str(number) for number in numbers]
    series, problem = parse("".join(f"1 {number} 2\n" for number in text).encode(), "loss")
    assert problem is None
    assert series.values.tobytes() == np.array([float(number) for number in text]).tobytes()


def test_many_numbers_are_read_as_float_reads_them() -> None:
    """Enough that some quotients lie on the boundary between two doubles (one in 2,048 does)."""
    rng = np.random.default_rng(7)
    numbers = np.concatenate([rng.random(200_000), rng.lognormal(0, 4, 100_000), -rng.random(10_000)])
    text = "".join(f"1700000000000 {number!r} {i}\n" for i, number in enumerate(numbers.tolist()))
    series, problem = parse(text.encode(), "loss")
    assert problem is None
    assert series.values.tobytes() == numbers.tobytes()
    assert series.steps.tolist() == list(range(len(numbers)))


# up to 24 characters are converted together; around 19 digits they no longer fit into one integer
token = st.text("0123456789.-", min_size=1, max_size=26) | st.text("0123456789.-+eE_naif\xe9", min_size=1)


@given(st.lists(st.tuples(token, token, token), min_size=1, max_size=20))
def test_thousands_at_once_say_what_line_by_line_says(rows: list[tuple[str, str, str]]) -> None:
    data = "".join(f"{time} {value} {step}\n" for time, value, step in rows).encode()
    together, problem = parse(data, "loss")
    alone, trouble = _by_line(data, "loss")
    assert problem == trouble
    for column in ("steps", "times", "values"):
        assert getattr(together, column).tobytes() == getattr(alone, column).tobytes()


@given(st.lists(st.from_regex(r"-?[0-9]{1,12}\.[0-9]{0,11}", fullmatch=True), min_size=1))
def test_dots_anywhere(numbers: list[str]) -> None:
    series, problem = parse("".join(f"1 {number} 2\n" for number in numbers).encode(), "loss")
    assert problem is None
    assert series.values.tobytes() == np.array([float(number) for number in numbers]).tobytes()
