"""WAV files chunk by chunk, and their lengths put right where a recorder could not know them (RIFF; RF64 and BW64:
EBU Tech 3306, ITU-R BS.2088)."""

from dataclasses import dataclass
from typing import BinaryIO

MOST_CHUNKS = 10_000
# A longer claim than this is a placeholder, whatever its digits: nothing so long is taken.
PLACEHOLDER = 1 << 30
# Of the sound may be missing at its end: the larger of the two, and a quarter of it at most.
MISSING_S, MISSING, MISSING_MOST = 1.0, 0.02, 0.25
LONG_FORMS = (b"RF64", b"BW64")


@dataclass(frozen=True)
class Wave:
    """`data` is the place of the data chunk's head, `length` what is there of it, `end` where the last chunk ends."""

    data: int
    length: int
    end: int
    long_head: int | None = None  # place of the ds64 chunk


def walk(file: BinaryIO, size: int) -> Wave | None:
    """None: it was cut short, or holds no sound at all."""
    place, wave, bytes_a_second, long_head, long_length = 12, None, 0, None, 0
    for _ in range(MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or not _is_name(head[:4]):
            break
        length = int.from_bytes(head[4:], "little")
        behind = place + 8
        if head[:4] == b"data" and wave is None:
            there = _there(length, long_length, size - behind)
            if there is None or _is_cut(length, there, bytes_a_second):
                return None
            length = there
            wave = Wave(place, there, min(behind + there + there % 2, size), long_head)
        elif behind + length > size:
            break
        elif head[:4] == b"fmt ":
            bytes_a_second = int.from_bytes(file.read(12)[8:12], "little")
        elif head[:4] == b"ds64":
            long_head, long_length = place, int.from_bytes(file.read(16)[8:16], "little")
        place = behind + length + length % 2
        if wave:
            wave = Wave(wave.data, wave.length, min(place, size), wave.long_head)
    return wave


def _there(length: int, long_length: int, left: int) -> int | None:
    """How much of the data chunk is in the file. It ends with the file when it claims nothing or more than can be."""
    if length == 0xFFFFFFFF and long_length > 0:
        length = long_length
    if left < 0:
        return None
    return left if length == 0 or length > left else length


def _is_cut(length: int, there: int, bytes_a_second: int) -> bool:
    if length <= there or length >= PLACEHOLDER:
        return False
    return length - there > max(min(MISSING_S * bytes_a_second, MISSING_MOST * length), MISSING * length)


def _is_name(four: bytes) -> bool:
    return all(0x20 <= byte <= 0x7E for byte in four)


def correct_lengths(file: BinaryIO, wave: Wave) -> bool:
    """The plain form with the true lengths, in place: the sound itself stays where it is. False: it was right."""
    file.seek(0)
    before = file.read(8)
    file.seek(wave.data + 4)
    before += file.read(4)
    after = b"RIFF" + (wave.end - 8).to_bytes(4, "little") + wave.length.to_bytes(4, "little")
    if before == after:
        return False
    file.seek(0)
    file.write(after[:8])
    file.seek(wave.data + 4)
    file.write(after[8:])
    if wave.long_head is not None:
        file.seek(wave.long_head)
        file.write(b"JUNK")
    return True
