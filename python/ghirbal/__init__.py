"""ghirbal (غربال) finds repeated text, filler and stray headlines in text corpora, Arabic first.

::

    import ghirbal
    report = ghirbal.report("crawl/")           # or a table: pyarrow, polars, pandas, DuckDB, datasets
    report.findings.to_pandas()

    table, findings = ghirbal.clean(table)       # without duplicates, filler and stray headlines

Whatever holds text in columns goes in by the Arrow PyCapsule interface, without copying, and what comes
out has ``__arrow_c_stream__``, ``to_pyarrow()``, ``to_polars()``, ``to_pandas()`` and ``to_pylist()``.
None of these packages is needed. The rows are those of ``ghirbal report --format jsonl``.

Parameters are keyword arguments by the names of the core's own (``Params().to_dict()`` lists them with
their defaults): ``similar=0.7``, ``policy={"repeat": "remove"}``, or ``params=Params(...)``.
"""

from __future__ import annotations

import json as _json
import os as _os
from typing import Any, Callable

from . import _ghirbal, errors
from ._ghirbal import Array, Cleaned, Params, Report, Table, set_threads
from ._ghirbal import __version__ as __version__
from .errors import ArtefactError, CeilingError, Error, InputError, ReadWriteError, UsageError

__all__ = [
    "Array", "ArtefactError", "CeilingError", "Cleaned", "Error", "InputError", "Params", "ReadWriteError", "Report",
    "Table", "UsageError", "align", "band_keys", "classify", "clean", "dedup", "errors", "explain", "report",
    "restore", "set_threads", "sketch", "verify",
]

#: Paths, or an Arrow table of any make, or records as dictionaries.
Data = Any
#: Called with what a run is busy with, and the bytes it has read of those it will read; or a tqdm bar.
Progress = Any


def report(
    data: Data,
    *,
    params: Params | None = None,
    memory: int | str | None = None,
    temp_dir: str | _os.PathLike[str] | None = None,
    progress: Progress = None,
    **named: Any,
) -> Report:
    """Finds everything, changes nothing.

    :param data: paths and URLs of files and folders (one or a list), any object with ``__arrow_c_stream__`` or
        ``__arrow_c_array__``, or a list of dictionaries. A table's text, id and host stand in the columns
        that ``fields`` names; a row without an id is called ``table:ROW``, counted from 1.
    :param params: all parameters; single ones go by name.
    :param memory: bytes, or a size such as ``"512M"``; what does not fit goes to files in ``temp_dir``. The
        default is half of the machine's. The answer does not depend on it.
    :param progress: called up to twenty times a second as ``progress(phase, read_bytes, of_bytes)``; what it
        raises ends the run. A tqdm bar is good, too: it shows the phase, and its bytes.
    :returns: :attr:`Report.findings`, one row a finding, and :attr:`Report.summary`.
    :raises UsageError: parameters out of range, a column that is not there.
    :raises InputError: nothing that could be read.
    :raises ReadWriteError: what the operating system refused.
    :raises KeyboardInterrupt: Ctrl-C, within a batch.
    """
    return _ghirbal.report(_tabled(data), _call(False, params, memory, temp_dir, progress, named))


def clean(
    data: Data,
    output: str | _os.PathLike[str] | None = None,
    *,
    max_removed: float = _ghirbal.REMOVED_MAX,
    params: Params | None = None,
    memory: int | str | None = None,
    temp_dir: str | _os.PathLike[str] | None = None,
    progress: Progress = None,
    **named: Any,
) -> Any:
    """Takes out duplicate documents, filler and stray headlines.

    Of a table the result unpacks into the cleaned table and the findings::

        table, findings = ghirbal.clean(df)

    The cleaned table has the columns of ``data`` in their order, rows and texts without what goes, and a
    column named as ``fields.metadata`` says (``ghirbal``) with what left the texts as metadata, as JSON,
    when there is any. :func:`restore` brings the table back.

    Paths are cleaned into the folder ``output``, as ``ghirbal clean`` does; the result is the summary.

    :param max_removed: the run stops when more than this share of the text would go.
    :raises CeilingError: then; nothing was written.

    For the rest see :func:`report`.
    """
    return _cleaned(data, output, max_removed, _call(False, params, memory, temp_dir, progress, named))


def dedup(
    data: Data,
    output: str | _os.PathLike[str] | None = None,
    *,
    max_removed: float = _ghirbal.REMOVED_MAX,
    params: Params | None = None,
    memory: int | str | None = None,
    temp_dir: str | _os.PathLike[str] | None = None,
    progress: Progress = None,
    **named: Any,
) -> Any:
    """Takes out duplicate documents alone. Arguments, results and errors as for :func:`clean`."""
    return _cleaned(data, output, max_removed, _call(True, params, memory, temp_dir, progress, named))


def restore(cleaned: Cleaned | str | _os.PathLike[str], output: str | _os.PathLike[str] | None = None) -> Any:
    """Puts everything back.

    :param cleaned: what :func:`clean` or :func:`dedup` gave for a table, or the folder they wrote.
    :param output: for a folder, where the originals go; it must not exist or be empty.
    :returns: the table as it was, or ``{"sources": ..., "entries": ...}``.
    :raises ArtefactError: what was cleaned has been changed since.
    """
    if isinstance(cleaned, Cleaned):
        return _ghirbal.restore_table(cleaned)
    if output is None:
        raise UsageError("a folder is restored to a folder; hint: restore(cleaned, output)")
    sources, entries = _ghirbal.restore(cleaned, output)
    return {"sources": sources, "entries": entries}


def explain(data: Data, place: str, *, params: Params | None = None, **named: Any) -> str:
    """Says why a line was removed or kept, with its counterpart.

    :param data: as for :func:`report`, or a folder that :func:`clean` wrote.
    :param place: ``DOC:LINE``, lines counted from 1 in the original text; ``LINE`` where there is one document.
    :raises UsageError: when there is no such place.
    """
    return _ghirbal.explain(_tabled(data), str(place), _params(params, named))


def sketch(texts: Any, *, params: Params | None = None, **named: Any) -> Array:
    """The MinHash signature of each text.

    :param texts: an Arrow array of strings of any make, or a list of strings.
    :returns: a list of numbers a text, bands x rows of them; null for a text that is null or has no words.
        Two signatures agree in as many places as their texts' shingle sets are alike (Jaccard).
    """
    return _ghirbal.sketch(_column(texts), _params(params, named))


def band_keys(texts: Any, *, params: Params | None = None, **named: Any) -> Array:
    """The band keys of each text: texts that agree in one are candidates, no more.

    :param texts: as for :func:`sketch`.
    :returns: a list of signed 64-bit numbers a text, one a band; null as for :func:`sketch`.
    """
    return _ghirbal.band_keys(_column(texts), _params(params, named))


def verify(a: Any, b: Any, *, params: Params | None = None, **named: Any) -> Table:
    """How texts relate, pair by pair, by their true shingle sets.

    :returns: ``kind`` (exact, near, contained), ``inner`` (of a containment, ``a`` or ``b``: the one inside),
        ``jaccard``, ``containment``; all null where the two are not alike.
    :raises UsageError: when there are not as many texts in ``b`` as in ``a``.
    """
    return _ghirbal.verify(_column(a), _column(b), _params(params, named))


def classify(texts: Any, hosts: Any = None, *, params: Params | None = None, **named: Any) -> Table:
    """What the lines of each text are. How common a line is, is learned from these texts alone.

    :param hosts: the host of each text, or null.
    :returns: ``row`` (counted from 0), ``start``, ``end`` (bytes of UTF-8), ``line`` (counted from 1),
        ``label``, ``zone``, ``rule``, ``evidence`` (JSON), ``why``, ``score``.
    """
    hosts = None if hosts is None else _column(hosts)
    return _ghirbal.classify(_column(texts), hosts, _params(params, named))


def align(texts: Any, *, params: Params | None = None, **named: Any) -> Table:
    """The passages that stand twice inside each text. How common a word is, is learned from these texts.

    :returns: ``row`` (counted from 0), ``a_start``, ``a_end``, ``b_start``, ``b_end`` (bytes of UTF-8),
        ``words``, ``identity``, ``jaccard``, ``containment``, ``kind``.
    """
    return _ghirbal.align(_column(texts), _params(params, named))


def _params(params: Params | None, named: dict[str, Any]) -> Params:
    return (params or Params()).replace(**named)


def _call(
    only_documents: bool, params: Params | None, memory: Any, temp_dir: Any, progress: Progress, named: dict[str, Any]
) -> _ghirbal.Call:
    return _ghirbal.Call(_params(params, named), only_documents, memory, temp_dir, _told(progress))


def _cleaned(data: Data, output: Any, max_removed: float, call: _ghirbal.Call) -> Any:
    data = _tabled(data)
    if not _is_paths(data):
        if output is not None:
            raise UsageError("a table comes back as a table; hint: leave output out, and write result.table")
        return _ghirbal.clean(data, max_removed, call)
    if output is None:
        raise UsageError("paths are cleaned into a folder; hint: name it with output=\"cleaned\"")
    paths = [data] if isinstance(data, (str, _os.PathLike)) else data
    return _json.loads(_ghirbal.clean_paths(paths, output, max_removed, call))


def _is_paths(data: Any) -> bool:
    return isinstance(data, (str, _os.PathLike)) or (
        isinstance(data, (list, tuple)) and all(isinstance(path, (str, _os.PathLike)) for path in data)
    )


def _is_arrow(data: Any) -> bool:
    return hasattr(data, "__arrow_c_stream__") or hasattr(data, "__arrow_c_array__")


def _tabled(data: Any) -> Any:
    """Lists of dictionaries and what knows its way to Arrow as tables; the rest as it is."""
    if _is_paths(data) or _is_arrow(data):
        return data
    if hasattr(data, "with_format") and hasattr(data, "features"):  # datasets.Dataset
        return data.with_format("arrow")[:]
    if type(data).__module__.partition(".")[0] == "pandas":  # pandas before 3 has no capsules
        import pyarrow

        return pyarrow.Table.from_pandas(data, preserve_index=False)
    if hasattr(data, "to_arrow_table"):  # duckdb relations
        return data.to_arrow_table()
    if isinstance(data, (list, tuple)):
        return Table.from_pylist(list(data))
    return data


def _column(texts: Any) -> Any:
    if _is_arrow(texts):
        return texts
    if hasattr(texts, "to_list"):  # pandas before 3
        texts = texts.to_list()
    return Array.from_pylist([text if isinstance(text, str) else None for text in texts])


def _told(progress: Progress) -> Callable[[str, int, int], None] | None:
    if progress is None or not hasattr(progress, "update"):
        return progress

    def update(phase: str, read: int, of: int) -> None:
        if progress.desc != phase:
            progress.reset(total=of)
            progress.desc = phase
        progress.update(read - progress.n)

    return update
