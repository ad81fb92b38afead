"""What the tests share: the sample documents, the command line, labelled data where there is any."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def seeds() -> Path:
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def cli() -> Callable[..., str]:
    """Runs the command line, the one built last, or $GHIRBAL."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for path in target.glob("*/ghirbal") if path.is_file()]
    program = os.environ.get("GHIRBAL") or max(built, key=lambda path: path.stat().st_mtime, default=None)
    if program is None:
        pytest.skip("no command line is built: cargo build")

    def run(*arguments: Any) -> str:
        done = subprocess.run([str(program), *map(str, arguments)], capture_output=True, text=True)
        assert done.returncode in (0, 2), done.stderr
        return done.stdout

    run.program = program
    return run


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A file of the labelled data beside the project, decompressed."""

    def of(name: str) -> Path:
        packed = ROOT.parent / "shared" / "data" / name
        if not packed.exists() or shutil.which("zstd") is None:
            pytest.skip(f"no labelled data beside the project: {name}")
        plain = tmp_path_factory.mktemp("labelled") / packed.stem
        subprocess.run(["zstd", "-qd", str(packed), "-o", str(plain)], check=True)
        return plain

    return of


def wire(rows: list[dict[str, Any]]) -> list[str]:
    """Rows of the findings table as the command line writes them, in an order of their own."""
    lines = []
    for row in rows:
        row = {name: value for name, value in row.items() if value is not None}
        if "evidence" in row:
            row["evidence"] = json.loads(row["evidence"])
        for name in ("a", "b", "anchor"):
            if name in row:
                row[name] = _place(row[name])
        if "members" in row:
            row["members"] = [_place(place) for place in row["members"]]
        lines.append(json.dumps(row, sort_keys=True, ensure_ascii=False))
    return sorted(lines)


def _place(place: dict[str, Any]) -> Any:
    return place["doc"] if place["start"] is None else place


def printed(lines: str) -> list[str]:
    """What the command line printed, in the same form; the summary, which is counts, left out."""
    rows = [json.loads(line) for line in lines.splitlines()]
    rows = [{n: v for n, v in row.items() if v is not None} for row in rows if row["type"] != "summary"]
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)
