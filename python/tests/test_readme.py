"""The README's Python runs, block after block, in the project's folder."""

from __future__ import annotations

import re

from conftest import ROOT


def test_the_quick_start_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    text = (ROOT / "python" / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.S | re.M)
    assert len(blocks) == 2
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert "003_" in capsys.readouterr().out
