"""The documentation as a site of plain HTML files: tasks, guides, and every condition with its pictures.

    python docs/site.py [OUT]        # OUT is `site` if it is not given

Needs nothing that curvedoctor itself does not need. No scripts, no request to anywhere; open OUT/index.html.
"""

from __future__ import annotations

import html
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from curvedoctor.conditions.base import all_conditions
from curvedoctor_panel import manual

HERE = Path(__file__).parent
GUIDES = ("formats", "tensorboard", "mlflow", "ci", "contributing")
#: user units of a picture, and colours of its curves
WIDTH, HEIGHT = 300, 120
COLORS = ("#2563c9", "#d2600a")
CURRENT = ' aria-current="page"'
STYLE = """
:root { color-scheme: light dark; --bg: #fff; --text: #1d2129; --muted: #596273; --line: #dfe3ea;
  --accent: #2457c5; }
@media (prefers-color-scheme: dark) { :root { --bg: #15171b; --text: #e7e9ee; --muted: #a4acba;
  --line: #343942; --accent: #8db4ff; } }
body { margin: 0; background: var(--bg); color: var(--text); font: 16px/1.6 system-ui, sans-serif;
  display: grid;  grid-template-columns: 250px minmax(0, 1fr); }
nav { padding: 24px 20px; border-right: 1px solid var(--line); font-size: 14px;
  height: 100vh; overflow-y: auto; position: sticky; top: 0; box-sizing: border-box; }
nav ul { list-style: none; padding: 0; margin: 4px 0 16px; } nav strong { color: var(--muted); }
main { padding: 28px 40px 80px; max-width: 46em; }
a { color: var(--accent); } nav a { text-decoration: none; }
nav a[aria-current] { font-weight: 700; } img, svg { max-width: 100%; } figure { margin: 0; }
pre { background: color-mix(in srgb, var(--muted) 12%, transparent);
  padding: 12px 16px; border-radius: 8px; overflow-x: auto; }
code { font-family: ui-monospace, monospace; font-size: 0.92em; }
figcaption { color: var(--muted); font-size: 14px; }
.pictures { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
.pictures svg { border: 1px solid var(--line); border-radius: 8px; }
@media (max-width: 760px) { body { grid-template-columns: minmax(0, 1fr); }
  nav { height: auto; position: static; border: 0; } main { padding: 16px 20px; } }
"""


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "site")
    for name, page in build().items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
    shutil.copytree(HERE / "pictures", out / "pictures", dirs_exist_ok=True)
    sys.stdout.write(f"{out / 'index.html'}\n")


def build() -> dict[str, str]:
    """File name → page."""
    pages = {
        f"tasks/{path.stem}.html": path.read_text(encoding="utf-8")
        for path in sorted((HERE / "tasks").glob("*.md"))
    }
    pages |= {f"{name}.html": (HERE / f"{name}.md").read_text(encoding="utf-8") for name in GUIDES}
    pages["architecture.html"] = (HERE.parent / "ARCHITECTURE.md").read_text(encoding="utf-8")
    bodies = {name: (title_of(text), rendered(text)) for name, text in pages.items()}
    bodies |= {f"conditions/{name}.html": condition(name) for name in all_conditions()}
    menu = [(section, [(name, title) for name, (title, _) in bodies.items() if belongs(name) == section])
            for section in ("Tasks", "Guides", "Conditions")]  # fmt: skip
    bodies["index.html"] = ("curvedoctor", index(menu))
    return {name: page(name, title, body, menu) for name, (title, body) in bodies.items()}


def belongs(name: str) -> str:
    return {"tasks": "Tasks", "conditions": "Conditions"}.get(name.partition("/")[0], "Guides")


def title_of(text: str) -> str:
    return text.lstrip("# ").partition("\n")[0]


def rendered(text: str) -> str:
    """Markdown as HTML; links to other pages follow."""
    made = MarkdownIt("commonmark").enable("table").render(text)
    made = made.replace("../ARCHITECTURE.md", "architecture.html").replace('href="docs/', 'href="')
    return re.sub(r'href="(?!https?:)([^"#]+)\.md', r'href="\1.html', made)


def condition(name: str) -> tuple[str, str]:
    """A condition's manual page with its pictures."""
    page: Mapping[str, Any] = manual.page(name)
    parts = [f"<h1>{html.escape(page['title'])}</h1><p><code>{name}</code></p>"]
    parts.append(f'<div class="pictures">{"".join(map(picture, page["pictures"]))}</div>')
    for section in page["sections"]:
        if section["heading"]:
            parts.append(f"<h2>{html.escape(section['heading'])}</h2>")
        lines = [("- " if block["kind"] == "li" else "\n") + block["text"] for block in section["blocks"]]
        parts.append(MarkdownIt("commonmark", {"html": False}).render("\n".join(lines)))
    return page["title"], "\n".join(parts)


def picture(example: Mapping[str, Any]) -> str:
    """A sick or a healthy example."""
    lines = "".join(
        f'<path d="{path(curve["x"], curve["y"])}" fill="none" stroke="{COLORS[place % 2]}"'
        ' stroke-width="1.75"/>'
        for place, curve in enumerate(example["curves"])
    )
    at = example["onset"]
    mark = (
        ""
        if at is None
        else f'<path d="M{4 + at * (WIDTH - 8):.1f} 2V{HEIGHT - 2}" stroke="#b3261e" stroke-dasharray="4 3"/>'
    )
    said = html.escape(f"{example['kind']}: {', '.join(curve['label'] for curve in example['curves'])}")
    return (f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
            f'<title>{html.escape(example["alt"])}</title>'
            f"{lines}{mark}</svg><figcaption>{said}</figcaption></figure>")  # fmt: skip


def path(xs: Sequence[int], ys: Sequence[int | None]) -> str:
    return "".join(_points(xs, ys))


def _points(xs: Sequence[int], ys: Sequence[int | None]) -> Iterator[str]:
    pen = "M"
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            yield f"{pen}{4 + x / 1000 * (WIDTH - 8):.1f} {HEIGHT - 6 - y / 1000 * (HEIGHT - 12):.1f}"
        pen = "M" if y is None else "L"


def index(menu: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    said = "".join(f"<h2>{section}</h2>{listing('', names, '')}" for section, names in menu)
    what = "Reads training curves, says what went wrong, and what to try first."
    return f"<h1>curvedoctor</h1><p>{what}</p>{said}"


def listing(up: str, names: Sequence[tuple[str, str]], here: str) -> str:
    items = (
        f'<li><a href="{up}{name}"{CURRENT if name == here else ""}>{html.escape(title)}</a></li>'
        for name, title in names
    )
    return f"<ul>{''.join(items)}</ul>"


def page(name: str, title: str, body: str, menu: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> str:
    up = "../" * name.count("/")
    sides = "".join(f"<strong>{section}</strong>{listing(up, names, name)}" for section, names in menu)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<nav><p><a href="{up}index.html"><strong>curvedoctor</strong></a></p>'
        f"{sides}</nav><main>{body}</main></body></html>\n"
    )


if __name__ == "__main__":
    main()
