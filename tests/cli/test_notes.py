"""How files were read is told once, with their number."""

from __future__ import annotations

from pathlib import Path

import pytest

from curvedoctor.cli import main


@pytest.mark.parametrize("files", [1, 2, 25])
def test_one_note_for_all_console_logs(files: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lines = [f"Epoch {e}/20 train_loss: {2 / e:.4f} val_loss: {2.1 / e:.4f}" for e in range(1, 21)]
    for i in range(files):
        (tmp_path / f"run{i}.log").write_text("\n".join(["starting", *lines, "bye"]))
    assert main(["diagnose", str(tmp_path), "--no-cache"]) == 0
    said = capfd.readouterr()
    assert said.err.count("20 of 22 lines were used") == 1
    assert said.err.count("\n") == min(files, 2)
    assert (f"… and {files - 1} more: read as a console log" in said.err) == (files > 1)
    assert "read as" not in said.out
    assert main(["diagnose", str(tmp_path), "--no-cache", "--format", "markdown"]) == 0
    text = capfd.readouterr().out
    assert "Could not be read" not in text
    assert text.count("read as a console log") == 1
    assert main(["diagnose", str(tmp_path), "--no-cache", "--format", "json"]) == 0
    assert capfd.readouterr().out.count("20 of 22 lines were used") == files
