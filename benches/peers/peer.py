"""One peer in a process of its own: peer.py NAME FOLDED.jsonl OUT BANDS ROWS THRESHOLD

Reads the folded corpus, and writes to OUT a line `I J` for each pair of rows it calls near duplicates,
or a line `I` for each row it flags where it cannot name the other one. Every peer is given the fastest
way through its own interface that we found; see README.md.
"""

import sys


def read(path):
    """The texts as one Arrow column, in order."""
    import pyarrow.json

    options = pyarrow.json.ReadOptions(block_size=16 << 20)
    return pyarrow.json.read_json(path, read_options=options).column("text")


def hashed_shingles(path):
    """A 64-bit hash of every word 5-gram, and where each document's begin: whole columns at a time.

    A document shorter than a shingle takes one that runs into the next document.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    split = [pc.split_pattern(chunk, " ") for chunk in read(path).chunks]
    lengths = np.concatenate([pc.list_value_length(s).to_numpy() for s in split])
    codes = pa.chunked_array([s.flatten() for s in split]).dictionary_encode().unify_dictionaries()
    ids = np.concatenate([c.indices.to_numpy() for c in codes.chunks])
    table = np.random.default_rng(1).integers(0, 1 << 63, len(codes.chunk(0).dictionary), dtype=np.uint64)
    word = table[ids]
    total = np.zeros(len(word), dtype=np.uint64)
    for place in range(5):
        total *= np.uint64(0x9E3779B97F4A7C15)
        total[: len(word) - place] += word[place:]
    total ^= total >> np.uint64(32)
    total *= np.uint64(0xD6E8FEB86659FD93)
    total ^= total >> np.uint64(29)
    ends = np.cumsum(lengths)
    counts = np.maximum(1, lengths - 4)
    starts = np.concatenate([[0], np.cumsum(counts)])
    keep = np.repeat(ends - lengths - starts[:-1], counts) + np.arange(starts[-1])
    return total[keep], starts


def banded(signatures, bands, rows, threshold):
    """Pairs of rows that agree in a band; with a threshold, in that share of all places too."""
    import numpy as np

    found = []
    for band in range(bands):
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        _, group = np.unique(part.view(np.dtype((np.void, part.itemsize * rows))).ravel(), return_inverse=True)
        order = np.argsort(group, kind="stable")
        cuts = np.flatnonzero(np.diff(group[order])) + 1
        for members in np.split(order, cuts):
            if len(members) > 1:
                i, j = np.triu_indices(len(members), 1)
                found.append(np.stack([members[i], members[j]], axis=1))
    pairs = np.unique(np.concatenate(found), axis=0) if found else np.zeros((0, 2), dtype=int)
    if threshold:
        pairs = pairs[(signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1) >= threshold]
    return pairs.tolist()


def daft_signatures(path, bands, rows):
    import daft
    import numpy as np
    from daft import col
    from daft.functions import minhash

    sketch = minhash(col("text"), num_hashes=bands * rows, ngram_size=5, seed=1, hash_function="xxhash3_64")
    table = daft.read_json(path).select(col("id").cast("int64"), sketch.alias("sketch")).to_arrow()
    column = table.column("sketch").combine_chunks()
    signatures = column.flatten().to_numpy().reshape(-1, bands * rows)
    return signatures[np.argsort(table.column("id").to_numpy())]


def daft(path, bands, rows, _):
    """Sketches by daft, bands by numpy."""
    return banded(daft_signatures(path, bands, rows), bands, rows, None)


def daft_estimate(path, bands, rows, threshold):
    """The same, and pairs whose sketches agree in fewer places than the threshold are left out."""
    return banded(daft_signatures(path, bands, rows), bands, rows, threshold)


def daft_query(path, bands, rows, _):
    """All of it as one query of daft: sketch, bands, explode, group."""
    import daft
    from daft import col
    from daft.functions import chunk, length, list_agg, minhash

    sketch = minhash(col("text"), num_hashes=bands * rows, ngram_size=5, seed=1, hash_function="xxhash3_64")
    frame = daft.read_json(path).select(col("id").cast("int64"), sketch.alias("sketch"))
    frame = frame.with_column("place", daft.lit(list(range(bands)))).with_column("band", chunk(col("sketch"), rows))
    frame = frame.select("id", "place", "band").explode("place", "band")
    groups = frame.groupby("place", "band").agg(list_agg(col("id")).alias("ids")).where(length(col("ids")) > 1)
    pairs = set()
    for ids in groups.select("ids").to_pydict()["ids"]:
        ids.sort()
        pairs.update((a, b) for n, a in enumerate(ids) for b in ids[n + 1 :])
    return pairs


def rensa_strings(path, bands, rows, threshold):
    """R-MinHash of lists of strings, its own LSH, pairs by its own estimate."""
    from rensa import RMinHash, RMinHashLSH

    def shingles(text):
        words = text.split(" ")
        return [" ".join(words[i : i + 5]) for i in range(max(1, len(words) - 4))]

    sketches = []
    for chunk in read(path).chunks:
        sketches += RMinHash.from_token_sets([shingles(t) for t in chunk.to_pylist()], num_perm=bands * rows, seed=42)
    index = RMinHashLSH(threshold, bands * rows, bands)
    index.insert_many(sketches)
    for a, near in enumerate(index.query_all(sketches)):
        for b in near:
            if a < b and sketches[a].jaccard(sketches[b]) >= threshold:
                yield a, b


def rensa_matrix(path, bands, rows, threshold, method="digest_matrix_from_flat_token_hashes"):
    """Shingles hashed in columns by numpy, one matrix of sketches; it flags documents and names no pair."""
    from rensa import RMinHash, RMinHashLSH

    hashes, starts = hashed_shingles(path)
    matrix = getattr(RMinHash, method)(hashes, starts.astype("uint64"), num_perm=bands * rows, seed=42)
    flags = RMinHashLSH(threshold, bands * rows, bands).query_duplicate_flags_matrix_one_shot(matrix)
    return [(row,) for row, flag in enumerate(flags) if flag]


def rensa_rho(path, bands, rows, threshold):
    """The same with the sketch that looks at a sample of the shingles only."""
    return rensa_matrix(path, bands, rows, threshold, "digest_matrix_from_flat_token_hashes_rho")


def gaoya(path, bands, rows, threshold):
    """Its own word n-grams and index; every text is asked for again."""
    from gaoya.minhash import MinHashStringIndex

    texts = read(path).to_pylist()
    index = MinHashStringIndex(32, threshold, bands, rows, None, "word", False, (5, 5), "vec")
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    for a, near in enumerate(index.par_bulk_query(texts)):
        for b in near:
            if a < b:
                yield a, b


def datasketch(path, bands, rows, threshold):
    """Shingles hashed in columns by numpy, a MinHash and a query for each document, pairs by its estimate."""
    from datasketch import MinHash, MinHashLSH

    hashes, starts = hashed_shingles(path)
    hashes = hashes >> 32
    index, sketches = MinHashLSH(num_perm=bands * rows, params=(bands, rows)), []
    empty = MinHash(num_perm=bands * rows, hashfunc=int)
    for row in range(len(starts) - 1):
        sketch = empty.copy()
        sketch.update_batch(hashes[starts[row] : starts[row + 1]])
        for other in index.query(sketch):
            if sketches[other].jaccard(sketch) >= threshold:
                yield other, row
        index.insert(row, sketch)
        sketches.append(sketch)


PEERS = {f.__name__: f for f in (daft, daft_estimate, daft_query, rensa_strings, rensa_matrix, rensa_rho, gaoya, datasketch)}


if __name__ == "__main__":
    name, path, out, bands, rows, threshold = sys.argv[1:]
    with open(out, "w") as file:
        for found in PEERS[name](path, int(bands), int(rows), float(threshold)):
            file.write(" ".join(map(str, found)) + "\n")
