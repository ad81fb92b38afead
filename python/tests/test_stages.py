"""Single stages say what whole runs say."""

from __future__ import annotations

import pytest
from test_report import records

import ghirbal

WORDS = [f"w{n}" for n in range(60)]
TEXT = " ".join(WORDS)
NEAR = " ".join(WORDS[:59])
PART = " ".join(WORDS[10:30])


def test_alike_texts_agree_in_places_and_in_a_band():
    a, b, c, none = ghirbal.sketch([TEXT, NEAR, "x y z q r s t", None]).to_pylist()
    assert none is None and len(a) == len(b) == len(c)
    assert sum(x == y for x, y in zip(a, b)) > 0.9 * len(a) > 0.1 * len(a) > sum(x == y for x, y in zip(a, c))
    a, b, c = ghirbal.band_keys([TEXT, NEAR, "x y z q r s t"]).to_pylist()
    assert set(a) & set(b) and not set(a) & set(c)
    assert len(ghirbal.band_keys([TEXT], similar=0.5).to_pylist()[0]) > len(a)


def test_pairs_are_verified_on_true_sets():
    rows = ghirbal.verify([TEXT, TEXT, PART, TEXT, None], [TEXT.upper(), NEAR, TEXT, "x y z", TEXT]).to_pylist()
    assert [row["kind"] for row in rows] == ["exact", "near", "contained", None, None]
    assert rows[1]["jaccard"] == 55 / 56 and rows[2]["inner"] == "a" and rows[2]["containment"] == 1.0
    with pytest.raises(ghirbal.UsageError, match="`a` has 1 texts and `b` has 2"):
        ghirbal.verify([TEXT], [TEXT, TEXT])


def test_lines_and_passages_are_those_of_a_run(seeds):
    texts = [row["text"] for row in records(seeds)]
    rows = ghirbal.report(records(seeds)).to_pylist()
    ids = [row["id"] for row in records(seeds)]
    spans = [(row["doc"], row["start"], row["label"], row["score"]) for row in rows if row["type"] == "span"]
    found = ghirbal.classify(texts).to_pylist()
    assert [(ids[row["row"]], row["start"], row["label"], row["score"]) for row in found] == spans
    passages = [(row["a"]["doc"], row["a"]["start"], row["identity"]) for row in rows if row["type"] == "passage"]
    found = ghirbal.align(texts).to_pylist()
    assert [(ids[row["row"]], row["a_start"], row["identity"]) for row in found] == passages


def test_arrays_of_every_library_are_read():
    expect = ghirbal.band_keys([TEXT, None]).to_pylist()
    pa = pytest.importorskip("pyarrow")
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        array = pa.array([TEXT, None], kind)
        assert ghirbal.band_keys(array).to_pylist() == expect
        assert ghirbal.band_keys(pa.chunked_array([array])).to_pylist() == expect
        assert pa.array(ghirbal.band_keys(array)).to_pylist() == expect
    polars = pytest.importorskip("polars")
    assert ghirbal.band_keys(polars.Series([TEXT, None])).to_pylist() == expect
    with pytest.raises(ghirbal.UsageError, match="holds Int64, not text"):
        ghirbal.band_keys(pa.array([1]))


def test_a_group_that_an_engine_took_apart_is_refused():
    row = {"band": 0, "key": 7, "number": 1, "len": 0, "place": 1}
    proposer = ghirbal._ghirbal.Proposer()
    proposer.push(ghirbal.Table.from_pylist([row]))
    assert proposer.push(ghirbal.Table.from_pylist([row | {"number": 4, "place": 2}])).to_pylist() == []
    assert [(pair["a"], pair["b"]) for pair in proposer.finish().to_pylist()] == [(1, 4)]
    with pytest.raises(RuntimeError, match="has not kept a key's rows together"):
        proposer.push(ghirbal.Table.from_pylist([row | {"place": 2}]))
