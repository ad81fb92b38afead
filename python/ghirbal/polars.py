"""A namespace for polars: ``import ghirbal.polars``, then ``df.ghirbal.clean()``.

Single stages are expressions, ``pl.col("text").ghirbal.band_keys()``. Whole runs are methods of frames:
a cluster may have its documents anywhere, so no batch can be looked at alone.
"""

from __future__ import annotations

from typing import Any

import polars as pl

import ghirbal

__all__ = ["OnExpressions", "OnFrames"]


@pl.api.register_expr_namespace("ghirbal")
class OnExpressions:
    """Stages on a column of texts."""

    def __init__(self, expr: pl.Expr):
        self._expr = expr

    def _lists(self, stage: Any, named: dict[str, Any]) -> pl.Expr:
        def run(texts: pl.Series) -> pl.Series:
            return pl.Series(texts.name, stage(texts, **named), dtype=pl.List(pl.Int64))

        return self._expr.map_batches(run, return_dtype=pl.List(pl.Int64), is_elementwise=True)

    def sketch(self, **named: Any) -> pl.Expr:
        """As :func:`ghirbal.sketch`."""
        return self._lists(ghirbal.sketch, named)

    def band_keys(self, **named: Any) -> pl.Expr:
        """As :func:`ghirbal.band_keys`."""
        return self._lists(ghirbal.band_keys, named)


@pl.api.register_dataframe_namespace("ghirbal")
class OnFrames:
    """Whole runs on a frame."""

    def __init__(self, df: pl.DataFrame):
        self._df = df

    def report(self, **named: Any) -> pl.DataFrame:
        """The findings of :func:`ghirbal.report`."""
        return ghirbal.report(self._df, **named).to_polars()

    def dedup(self, **named: Any) -> pl.DataFrame:
        """The table of :func:`ghirbal.dedup`."""
        return ghirbal.dedup(self._df, **named).table.to_polars()

    def clean(self, **named: Any) -> pl.DataFrame:
        """The table of :func:`ghirbal.clean`."""
        return ghirbal.clean(self._df, **named).table.to_polars()
