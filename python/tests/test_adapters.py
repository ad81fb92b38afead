"""Other libraries get the same answers through their own ways."""

from __future__ import annotations

import pytest
from test_report import records

import ghirbal

TEXTS = [" ".join(f"w{n}" for n in range(40)), None, "one two"]


def test_polars_has_a_namespace(seeds):
    pl = pytest.importorskip("polars")
    import ghirbal.polars  # noqa: F401

    df = pl.DataFrame({"text": TEXTS})
    keys = df.select(pl.col("text").ghirbal.band_keys())["text"].to_list()
    assert keys == ghirbal.band_keys(TEXTS).to_pylist()
    df = pl.DataFrame(records(seeds) + [records(seeds)[0] | {"id": "copy"}])
    assert df.ghirbal.dedup().height == 5
    assert df.ghirbal.clean()["text"].to_list() == ghirbal.clean(df).table["text"].to_pylist()
    assert df.ghirbal.report().height == len(ghirbal.report(df))


def test_data_sets_are_selected_from(seeds):
    datasets = pytest.importorskip("datasets")
    from ghirbal.datasets import band_keys, clean, dedup

    rows = records(seeds) + [records(seeds)[0] | {"id": "copy"}]
    ds = datasets.Dataset.from_list(rows)
    assert len(dedup(ds)) == 5
    assert clean(ds)["text"][:] == ghirbal.clean(rows).table["text"].to_pylist()
    keys = ds.map(band_keys, batched=True)["band_keys"][:]
    assert keys == ghirbal.band_keys([row["text"] for row in rows]).to_pylist()


def test_daft_has_band_keys():
    daft = pytest.importorskip("daft")
    import ghirbal.daft

    df = daft.from_pydict({"text": TEXTS})
    df = df.with_column("keys", ghirbal.daft.band_keys(df["text"]))
    assert df.to_pydict()["keys"] == ghirbal.band_keys(TEXTS).to_pylist()


def test_ray_has_band_keys():
    pytest.importorskip("ray.data")
    import ray

    import ghirbal.ray

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        ds = ray.data.from_items([{"text": text} for text in TEXTS])
        keys = [row["band_keys"] for row in ghirbal.ray.band_keys(ds).take_all()]
        assert keys == ghirbal.band_keys(TEXTS).to_pylist()
    finally:
        ray.shutdown()
