"""Lines of CSV that a spreadsheet opens as text, whatever people have written into them."""

import csv
import io
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff".encode()  # by it spreadsheets know that a file is UTF-8
# What a spreadsheet takes for a formula at the start of a cell.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def line(cells: Iterable[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(cell) for cell in cells])
    return out.getvalue().encode()


def _harmless(cell: object) -> object:
    """Titles are anybody's words: an apostrophe before them keeps a spreadsheet from reckoning with them."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell
