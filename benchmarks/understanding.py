"""What it costs to understand a mail: ``python -m benchmarks.understanding [CORPUS] [--series FILE]``.

Three tables. Milliseconds a mail over a folder of mails, for reading (``parse``), for understanding what was read
(``read_intent``) and for both, each mail's best of several rounds, so that a busy machine counts less. The time for
texts of growing size, with the ratio to the half of it: about 2 where time grows with the size, 4 where it grows with
its square. The time in which ``mailbot explain`` starts, reads one mail and ends.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mailbot.config import load
from mailbot.core.intent import read_intent
from mailbot.core.model import Series
from mailbot.core.reading import parse

HOME = Path(__file__).parent.parent
CORPUS = HOME / "tests" / "corpora" / "lucca-2021" / "dev"
SIZES = tuple(2**power * 1_000 for power in range(4, 11))
HEADER = b"From: Anna Neri <anna@posta.example>\nSubject: Iscrizione\nDate: Mon, 18 Jan 2021 10:00:00 +0100\n"
TEXTS = {
    "prose": b"Buongiorno, vorrei iscrivermi all'incontro di venerdi 22, oppure a quello del 26.\n",
    "short answers": b"il 21 no, il 22 no\n\nsi\n\n",
    "quotes": b"Il giorno 3 gen 2021 alle 10:05 A <a@b.example> ha scritto:\n> venite il 21 o il 22\n\nvengo il 22\n",
    "one line": b"vengo il 22 o il 21 ",
    "no words": b"> " * 40 + b"\n" * 20,
}
PLAIN = b"Content-Type: text/plain; charset=utf-8\n\n"
MARKUP = b"Content-Type: text/html; charset=utf-8\n\n"
PARAGRAPH = b'<div style="color:#000"><p>Vengo il <b>22</b>, non il <s>21</s>.</p></div>\n'
NOW = datetime(2021, 1, 16, 12, tzinfo=UTC)


def main() -> None:
    """Measures, and prints."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("corpus", type=Path, nargs="?", default=CORPUS, help="a folder of *.eml files")
    asked.add_argument("--series", type=Path, help="its configuration; series.toml in or above the folder if not given")
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    file = given.series or next(
        p / "series.toml" for p in (given.corpus, given.corpus.parent) if (p / "series.toml").is_file()
    )
    series = load(file).to_series()
    mails = [path.read_bytes() for path in sorted(given.corpus.glob("*.eml"))]
    if not mails:
        sys.exit(f"No *.eml files in {given.corpus}.")
    _table(f"{len(mails)} mails, ms a mail", ("median", "p95", "most"), _by_mail(mails, series, given.rounds))
    _table("text of so many kB, ms (times the half)", [f"{size // 1000}" for size in SIZES], _by_size(series))
    _table("explain one mail, s", ("best", "median"), _start_up(file, next(given.corpus.glob("*.eml"))))


def _table(title: str, heads: object, rows: Iterator[tuple[str, list[str]]]) -> None:
    print(f"\n{title:44}" + "".join(f"{head:>13}" for head in heads))  # type: ignore[attr-defined]
    for name, cells in rows:
        print(f"  {name:42}" + "".join(f"{cell:>13}" for cell in cells), flush=True)


def _by_mail(mails: list[bytes], series: Series, rounds: int) -> Iterator[tuple[str, list[str]]]:
    reading = [_best(lambda raw=raw: parse(raw), rounds) for raw in mails]
    messages = [parse(raw) for raw in mails]
    hearing = [_best(lambda m=m: read_intent(m, series, m.date or NOW), rounds) for m in messages]
    both = [sum(pair) for pair in zip(reading, hearing, strict=True)]
    for name, times in (("parse", reading), ("read_intent", hearing), ("both", both)):
        in_order = sorted(times)
        yield (
            name,
            [
                f"{1e3 * t:.2f}"
                for t in (statistics.median(times), in_order[int(0.95 * (len(times) - 1))], in_order[-1])
            ],
        )


def _by_size(series: Series) -> Iterator[tuple[str, list[str]]]:
    kinds = [(name, PLAIN, text) for name, text in TEXTS.items()] + [("HTML", MARKUP, PARAGRAPH)]
    for name, kind, text in kinds:
        for step in ("parse", "both"):
            cells, before = [], 0.0
            for size in SIZES:
                raw = HEADER + kind + (text * (size // len(text) + 1))[:size]
                took = _best(lambda raw=raw: _understood(raw, series) if step == "both" else parse(raw), 3)  # noqa: B023
                cells.append(f"{1e3 * took:.1f} ({took / before:.1f})" if before else f"{1e3 * took:.1f}")
                before = took
            yield f"{name}: {step}", cells


def _understood(raw: bytes, series: Series) -> object:
    message = parse(raw)
    return read_intent(message, series, message.date or NOW)


def _start_up(series: Path, mail: Path) -> Iterator[tuple[str, list[str]]]:
    # Set what a service manager would: no terminal, and the interpreter's files already compiled by a first start.
    command = [sys.executable, "-m", "mailbot.cli", "explain", "--config", str(series), str(mail)]
    with tempfile.TemporaryDirectory() as folder:

        def run() -> object:
            return subprocess.run(
                command, check=True, cwd=folder, env=os.environ | {"NO_COLOR": "1"}, capture_output=True
            )

        run()
        times = [_best(run, 1) for _ in range(7)]
    yield "mailbot explain", [f"{min(times):.2f}", f"{statistics.median(times):.2f}"]


def _best(work: Callable[[], object], rounds: int) -> float:
    """Seconds, of the quickest round."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    main()
