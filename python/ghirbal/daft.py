"""Stages for Daft: ``df.with_column("keys", ghirbal.daft.band_keys(df["text"]))``."""

from __future__ import annotations

from typing import Any

import daft

import ghirbal

__all__ = ["band_keys", "sketch"]

_LISTS = daft.DataType.list(daft.DataType.int64())


def _lists(stage: Any, texts: daft.Expression, named: dict[str, Any]) -> daft.Expression:
    @daft.func.batch(return_dtype=_LISTS)
    def run(batch: daft.Series) -> Any:
        return stage(batch.to_arrow(), **named).to_pyarrow()

    return run(texts)


def band_keys(texts: daft.Expression, **named: Any) -> daft.Expression:
    """As :func:`ghirbal.band_keys`."""
    return _lists(ghirbal.band_keys, texts, named)


def sketch(texts: daft.Expression, **named: Any) -> daft.Expression:
    """As :func:`ghirbal.sketch`."""
    return _lists(ghirbal.sketch, texts, named)
