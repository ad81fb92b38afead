"""Cleaning gives back what the command line writes, and everything that was taken out comes back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_report import as_jsonl, records

import ghirbal


def test_a_cleaned_table_has_the_texts_of_a_cleaned_file(seeds, cli, tmp_path):
    rows = records(seeds)
    rows.insert(2, {"id": "copy", "text": rows[0]["text"]})
    cli("clean", as_jsonl(rows, tmp_path / "table.jsonl"), "-o", tmp_path / "out")
    lines = (tmp_path / "out/cleaned/table.jsonl").read_text("utf-8").splitlines()
    expect = [json.loads(line) for line in lines]

    table, findings = ghirbal.clean(rows)
    got = table.to_pylist()
    assert [(row["id"], row["text"]) for row in got] == [(row["id"], row["text"]) for row in expect]
    assert [json.loads(row["ghirbal"] or "null") for row in got] == [row.get("ghirbal") for row in expect]
    assert len(findings) == len((tmp_path / "out/findings.jsonl").read_text("utf-8").splitlines()) - 1


def test_a_table_comes_back_as_it_was(seeds):
    rows = [row | {"n": n, "share": n / 7} for n, row in enumerate(records(seeds))]
    rows.insert(1, {"id": "copy", "text": rows[3]["text"], "n": -1, "share": None})
    rows.append({"id": "none", "text": None, "n": None, "share": 1.0})
    for clean in (ghirbal.clean, ghirbal.dedup):
        cleaned = clean(rows)
        assert len(cleaned.removed) == 1
        assert ghirbal.restore(cleaned).to_pylist() == rows

    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist([row | {"list": [1, 2]} for row in rows])
    cleaned = ghirbal.clean(table)
    assert pa.table(ghirbal.restore(cleaned)).equals(table)
    assert pa.table(cleaned.table).schema.field("list") == table.schema.field("list")


def test_paths_are_cleaned_into_a_folder_and_restored(seeds, tmp_path):
    summary = ghirbal.clean(seeds, tmp_path / "out")
    assert summary["documents"] == 5 and summary["bytes_removed"] > 0
    ghirbal.restore(tmp_path / "out", tmp_path / "back")
    for path in seeds.glob("*.txt"):
        assert (tmp_path / "back" / path.name).read_bytes() == path.read_bytes()


def test_a_ceiling_stops_and_says_so(seeds, tmp_path):
    with pytest.raises(ghirbal.CeilingError, match="more than the 1.0 %"):
        ghirbal.clean(records(seeds), max_removed=0.01)
    with pytest.raises(ghirbal.CeilingError):
        ghirbal.clean(seeds, tmp_path / "out", max_removed=0.01)
    assert not (tmp_path / "out").exists()


def test_a_damaged_ledger_is_refused(seeds, tmp_path):
    ghirbal.clean(seeds, tmp_path / "out")
    ledger = tmp_path / "out/ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b"read_also_marker", b"read_also_markex", 1))
    with pytest.raises(ghirbal.ArtefactError):
        ghirbal.restore(tmp_path / "out", tmp_path / "back")


def test_a_table_and_a_folder_are_not_mixed_up(seeds, tmp_path):
    with pytest.raises(ghirbal.UsageError, match="comes back as a table"):
        ghirbal.clean(records(seeds), tmp_path)
    with pytest.raises(ghirbal.UsageError, match="cleaned into a folder"):
        ghirbal.clean(seeds)


def test_a_line_is_explained(seeds, cli):
    assert ghirbal.explain(seeds, "003:11") == cli("explain", seeds, "003:11")
    explained = ghirbal.explain(records(seeds), "003:11")
    assert explained.splitlines()[1:] == cli("explain", seeds, "003:11").splitlines()[1:]
    with pytest.raises(ghirbal.UsageError, match="no document is called"):
        ghirbal.explain(seeds, "nobody:1")
