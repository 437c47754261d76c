"""The import of an account's clips beside a bare loop over the same pages (tests/bench/import_run.py), on SQLite."""

import subprocess
import sys

CLIPS = 10_000

Line = tuple[str, str, str]


def lines() -> list[Line]:
    command = [sys.executable, "-m", "tests.bench.import_run", str(CLIPS)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    bare, imported, megabytes = (float(figure) for figure in done.stdout.split())
    more = f"{megabytes:.0f} MB more memory than the loop took"
    return [
        (f"a bare loop over {CLIPS:,} clips", f"{bare:,.0f}/s", "1"),
        (f"importing {CLIPS:,} clips", f"{imported:,.0f}/s", f"{imported / bare:.2f} × of it, {more}"),
    ]
