"""The block in the description: not a character of anybody else's is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curvedoctor.errors import SinkError
from curvedoctor.reports.text import markdown
from curvedoctor.sinks.mlflow.content import BEGIN, BEGIN_BELOW, END, with_note, without_note

words = st.text().filter(lambda text: "curvedoctor:" not in text)


@given(st.none() | words, st.lists(words.filter(lambda text: END not in text), min_size=1, max_size=3))
def test_writing_any_number_of_times_and_removing_gives_back_the_description(
    before: str | None, blocks: list[str]
) -> None:
    text = before
    for block in blocks:
        text = with_note(text, block)
        assert with_note(text, block) == text
        assert text.startswith(f"{before}\n\n{BEGIN_BELOW}" if before else "<!-- curvedoctor:begin")
    action, rest = without_note(str(text))
    assert (None if action == "delete" else rest) == before


@given(words.filter(bool), words)
def test_what_is_written_later_stays_too(above: str, below: str) -> None:
    assert without_note(with_note(above, "ours") + below) == ("write", above + below)


@given(words, words)
def test_what_is_around_the_block_stays(above: str, below: str) -> None:
    text = above + with_note(None, "old") + below
    new = with_note(text, "new")
    assert new == text.replace("\nold\n", "\nnew\n", 1) or "\nold\n" in above
    assert without_note(text)[1] == above + below


@pytest.mark.parametrize("broken", [f"mine {BEGIN} more", f"mine {END} more", f"{END}{BEGIN}"])
def test_a_lost_marker_is_told_and_nothing_is_touched(broken: str) -> None:
    with pytest.raises(SinkError, match="marker"):
        with_note(broken, "x")
    with pytest.raises(SinkError, match="marker"):
        without_note(broken)


def test_names_are_no_markdown() -> None:
    text = markdown(f"[a](javascript:x) <b>*x* `y` {END}\n# title")
    assert "<" not in text
    assert "\n" not in text
    assert END not in text
    for char in "[]*`":
        assert f"\\{char}" in text
        assert text.count(char) == text.count(f"\\{char}")
