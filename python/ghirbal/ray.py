"""Stages for Ray Data: ``ghirbal.ray.band_keys(ds)`` adds a column ``band_keys``."""

from __future__ import annotations

from typing import Any

import ray.data

import ghirbal

__all__ = ["band_keys", "sketch"]


def _with(stage: Any, name: str, ds: ray.data.Dataset, text: str, named: dict[str, Any]) -> ray.data.Dataset:
    def run(batch: Any) -> Any:
        return batch.append_column(name, stage(batch[text], **named).to_pyarrow())

    return ds.map_batches(run, batch_format="pyarrow", zero_copy_batch=True)


def band_keys(ds: ray.data.Dataset, text: str = "text", **named: Any) -> ray.data.Dataset:
    """A column ``band_keys``, as :func:`ghirbal.band_keys`."""
    return _with(ghirbal.band_keys, "band_keys", ds, text, named)


def sketch(ds: ray.data.Dataset, text: str = "text", **named: Any) -> ray.data.Dataset:
    """A column ``sketch``, as :func:`ghirbal.sketch`."""
    return _with(ghirbal.sketch, "sketch", ds, text, named)
