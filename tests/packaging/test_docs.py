"""The documentation: every command in it exists as written, every link leads somewhere, its facts hold."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from curvedoctor.cli.app import COMMANDS, group

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "ARCHITECTURE.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "tasks").glob("*.md")),
]


def commands() -> Iterator[tuple[str, str]]:
    """Every call of the program in a block of code: page, line."""
    for page in PAGES:
        blocks = re.findall(r"^```.*?^```", page.read_text(encoding="utf-8"), re.S | re.M)
        for line in "\n".join(blocks).splitlines():
            match = re.search(r"(?:^|run: |\$ |&& \.venv/bin/)(curvedoctor (?:[^#|>`]|>\s*')*)", line)
            if match:
                yield page.name, match.group(1).strip()


@pytest.mark.parametrize(("page", "line"), sorted(set(commands())))
def test_a_command_is_understood(page: str, line: str) -> None:
    _, name, *arguments = shlex.split(line)
    command = group.get_command(click.Context(group), name)
    assert command is not None, f"{page}: {line}"
    assert command.make_context(name, arguments, default_map={}).params


def test_the_pages_show_most_commands() -> None:
    shown = {line.split()[1] for _, line in commands()}
    assert set(COMMANDS) <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_architecture_is_short() -> None:
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 150
    named = re.findall(r"^\| `(?:…|backend/curvedoctor|plugin)/([\w./]+)`", "\n".join(lines), re.M)
    assert named
    for name in named:
        assert any((ROOT / root / name).exists() for root in ("backend/curvedoctor", "plugin")), name


def test_the_readme_has_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\npython3 -m venv (.*?)```", text, re.S)
    assert len(blocks) == 2
    assert blocks[0].strip().endswith("curvedoctor demo")
    assert ".venv/bin/pytest" in blocks[1]
    assert all(block.strip().count("\n") == 0 for block in blocks)


def test_the_site_has_every_condition_with_its_pictures_and_no_dead_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curvedoctor.conditions.base import all_conditions

    monkeypatch.setattr("sys.argv", ["site.py", str(tmp_path)])
    runpy.run_path(str(ROOT / "docs" / "site.py"), run_name="__main__")
    pages = {
        str(path.relative_to(tmp_path)): path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")
    }
    for name in all_conditions():
        assert pages[f"conditions/{name}.html"].count("<svg") == 2, name
        assert "How it decides" in pages[f"conditions/{name}.html"]
    for path in (ROOT / "docs" / "tasks").glob("*.md"):
        assert f"tasks/{path.stem}.html" in pages
    for name, page in pages.items():
        assert "<script" not in page
        for target in re.findall(r'(?:href|src)="(?!https?:|data:|#)([^"#]+)', page):
            there = (tmp_path / name).parent / target
            assert there.exists() or (ROOT / "docs" / target).exists(), (name, target)
