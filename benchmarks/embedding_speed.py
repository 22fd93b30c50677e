"""Passages a second of the packaged embedder, one text a call beside batches of 8 and 32; splitting for comparison.

    python benchmarks/embedding_speed.py [--passages 32] [--cache DIR]

The texts are made here from a fixed seed, so two machines measure the same work. Other processes on the machine
slow the wall clock, so the best of three rounds counts, and passages per CPU second are given beside it.
"""

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from crucible_assets.chunks.passages import cut_passages
from crucible_assets.chunks.split import split
from crucible_assets.chunks.tokens import count_tokens
from resources.embedding.convert import converted_model
from resources.embedding.model import E5Embedder

_BATCH_SIZES = (1, 8, 32)  # the first is the baseline
_ROUNDS = 3

_VOCABULARY = (
    "borrower lender agreement interest maturity default payment security notice period annual report company "
    "director shareholder purchase delivery warranty liability inspection incident machine operator injury "
    "measurement temperature pressure sample result table figure analysis method population treatment dose the of "
    "and to in that for with on by at from under before after during not any all each"
)


def document(words: int, seed: int) -> str:
    source = random.Random(seed)
    vocabulary = _VOCABULARY.split()
    sentences: list[str] = []
    while words > 0:
        length = source.randint(8, 25)
        sentences.append(" ".join(source.choices(vocabulary, k=length)).capitalize() + ".")
        words -= length
    return " ".join(sentences)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def peak_megabytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passages", type=int, default=32)
    parser.add_argument(
        "--cache", type=Path, help="folder of the converted model; without it the conversion is measured too"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        measure(arguments.passages, arguments.cache or Path(scratch))


def measure(number: int, cache: Path) -> None:
    wall, _ = timed(lambda: converted_model(cache))
    print(f"model ready     {wall:6.2f} s                       peak {peak_megabytes()} MB")
    wall, _ = timed(lambda: E5Embedder(cache))
    print(f"load            {wall:6.2f} s")

    embedder = E5Embedder(cache)
    text = document(number * 400, seed=1)
    chunks = split(text)
    wall, _ = timed(lambda: split(text))
    print(f"split           {wall:6.2f} s  {count_tokens(text) / wall:9,.0f} tokens/s     {len(chunks)} chunks")
    passages = cut_passages(text, (), chunks, embedder.count_tokens, embedder.window)[:number]
    wall, _ = timed(lambda: cut_passages(text, (), chunks, embedder.count_tokens, embedder.window))
    tokens = sum(passage.tokens for passage in passages)
    print(f"cut passages    {wall:6.2f} s  {tokens / wall:9,.0f} tokens/s")
    print(f"embed {len(passages)} passages of {tokens / len(passages):.0f} tokens on average")

    texts = [passage.text for passage in passages]
    best: dict[int, tuple[float, float]] = {}
    embedders = {batch_size: E5Embedder(cache, batch_size=batch_size) for batch_size in _BATCH_SIZES}
    for _ in range(_ROUNDS):  # in turns, so that a busy machine hits all alike
        for batch_size, batched in embedders.items():
            taken = timed(partial(batched.embed_passages, texts))
            best[batch_size] = min(best.get(batch_size, taken), taken)
    baseline = best[_BATCH_SIZES[0]][0]
    for batch_size, (wall, cpu) in best.items():
        print(
            f"  batches of {batch_size:2d} {wall:6.2f} s  {len(texts) / wall:6.1f} passages/s  "
            f"({baseline / wall:4.2f} x)  {len(texts) / cpu:5.1f} per CPU second"
        )
    print(f"peak            {peak_megabytes():6d} MB with three sessions open")
    query = "Which payment is due before maturity?"
    embedder.embed_queries([query])
    wall, _ = timed(lambda: [embedder.embed_queries([query]) for _ in range(20)])
    print(f"one query       {wall / 20 * 1000:6.1f} ms")


if __name__ == "__main__":
    main()
