"""Helpers for Hugging Face datasets.

::

    from ghirbal.datasets import band_keys, clean, dedup
    ds = dedup(ds)                                    # selects rows: nothing is written anew
    ds = ds.map(band_keys, batched=True)              # adds a column
"""

from __future__ import annotations

from typing import Any

import datasets

import ghirbal

__all__ = ["band_keys", "clean", "dedup"]


def _table(ds: datasets.Dataset) -> Any:
    return ds.with_format("arrow")[:]


def dedup(ds: datasets.Dataset, **named: Any) -> datasets.Dataset:
    """The rows of ``ds`` that :func:`ghirbal.dedup` lets stay, as a selection of ``ds`` itself."""
    removed = ghirbal.dedup(_table(ds), **named).removed
    gone = set(removed[removed.column_names[0]].to_pylist())
    return ds.select([row for row in range(len(ds)) if row not in gone])


def clean(ds: datasets.Dataset, **named: Any) -> datasets.Dataset:
    """What :func:`ghirbal.clean` makes of ``ds``, as a data set in memory."""
    table = ghirbal.clean(_table(ds), **named).table.to_pyarrow()
    return datasets.Dataset(datasets.table.InMemoryTable(table))


def band_keys(batch: dict[str, list[Any]], text: str = "text", **named: Any) -> dict[str, list[Any]]:
    """For ``ds.map(band_keys, batched=True)``: a column ``band_keys``, as :func:`ghirbal.band_keys`."""
    return {"band_keys": ghirbal.band_keys(batch[text], **named).to_pylist()}
