"""Frames of MPEG audio, by their headers alone (ISO 11172-3, 2.4.1.3; ADTS: ISO 14496-3, 1.A.3.2).

Where the sound of an mp3 begins: catalogues, taggers and broken streams put zeros, tags and remnants in front of it.
"""

from dataclasses import dataclass
from typing import BinaryIO

WITHIN = 4096  # bytes in which two frames that fit one another are looked for
LONGEST_FRAME = 8192  # ADTS has 13 bits for it
MOST_TAGS = 8  # in a row, in front of the sound
MOST_ZEROS = 64 * 1024
TAIL = 1024 * 1024  # of it, at the end: what is larger and holds no frame is something else

_BITRATES = {  # kbit/s, by MPEG-1 or not, and by layer
    (True, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (True, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (False, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES = (44_100, 48_000, 32_000)
_SLOWER = {3: 1, 2: 2, 0: 4}  # MPEG-1, 2, and 2.5


@dataclass(frozen=True)
class Frame:
    """`kind`: 3 and 2 are the layers, "aac" is ADTS. `length` in bytes, 0 for a free bit rate."""

    kind: int | str
    rate: int
    length: int
    samples: int

    def fits(self, other: "Frame | None") -> bool:
        return other is not None and (self.kind, self.rate) == (other.kind, other.rate)


@dataclass(frozen=True)
class Start:
    """`tag` or `sound`: what is to be sent begins there. `frame` is the first of the sound, if there is one."""

    place: int
    sound: int
    frame: Frame | None


def frame_at(content: bytes, place: int) -> Frame | None:
    """The frame whose header stands there, with values that exist."""
    head = content[place : place + 6]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    if head[1] & 0xF6 == 0xF0:
        return _adts(head)
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer not in {2, 3} or bits == 15 or rate == 3:
        return None
    hertz = _RATES[rate] // _SLOWER[version]
    samples = 576 if layer == 3 and version != 3 else 1152
    kbits = _BITRATES[version == 3, layer][bits]
    length = samples // 8 * kbits * 1000 // hertz + (head[2] >> 1 & 1) if kbits else 0
    return Frame(layer, hertz, length, samples)


def _adts(head: bytes) -> Frame | None:
    rate = head[2] >> 2 & 15
    length = int.from_bytes(head[3:6].ljust(3, b"\0"), "big") >> 5 & 0x1FFF
    rates = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
    if rate >= len(rates) or length < 7:
        return None
    return Frame("aac", rates[rate], length, 1024)


def first_pair(content: bytes, start: int = 0, *, within: int = WITHIN) -> tuple[int, Frame] | None:
    """The first frame within so many bytes that another one like it follows where it ends."""
    place = content.find(b"\xff", start)
    while 0 <= place < within:
        frame = frame_at(content, place)
        if frame and frame.length and frame.fits(frame_at(content, place + frame.length)):
            return place, frame
        place = content.find(b"\xff", place + 1)
    return None


def find_start(file: BinaryIO) -> Start:
    """Behind zeros and the tags of old taggers; an ID3 tag at that place is part of what is to be sent."""
    place, kept = 0, None
    for _ in range(MOST_TAGS):
        place = _behind_zeros(file, place)
        file.seek(place)
        head = file.read(32)
        if head.startswith(b"ID3") and len(head) >= 10:
            kept = place if kept is None else kept
            place += 10 + seven_bits(head[6:10])
        elif head.startswith(b"APETAGEX") and len(head) == 32:  # its length is without this header
            place += 32 + int.from_bytes(head[12:16], "little")
        else:
            break
    file.seek(place)
    pair = first_pair(file.read(WITHIN + LONGEST_FRAME + 6))
    sound = place + pair[0] if pair else place
    return Start(sound if kept is None else kept, sound, pair[1] if pair else None)


def seven_bits(four: bytes) -> int:
    """A length in seven bits a byte (ID3v2, 3.1)."""
    return sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(four)))


def _behind_zeros(file: BinaryIO, place: int) -> int:
    """Where something begins, if it does within MOST_ZEROS; else the same place."""
    file.seek(place)
    piece = file.read(MOST_ZEROS)
    rest = piece.lstrip(b"\0")
    return place + len(piece) - len(rest) if rest else place


def announced_s(file: BinaryIO, start: Start) -> float | None:
    """The length that an encoder wrote into the first frame (Xing's header), in seconds."""
    if start.frame is None or start.frame.kind != 3:
        return None
    file.seek(start.sound)
    first = file.read(512)
    at = max(first.find(b"Xing"), first.find(b"Info"))
    if at < 0 or len(first) < at + 12 or not first[at + 7] & 1:
        return None
    frames = int.from_bytes(first[at + 8 : at + 12], "big")
    return frames * start.frame.samples / start.frame.rate


def behind_sound(file: BinaryIO, start: Start, size: int) -> tuple[int, int]:
    """From where to where something lies behind the last frame, and in front of the tags at the end, zeros aside."""
    offset = max(start.sound, size - TAIL)
    file.seek(offset)
    tail = _without_tags(file.read(TAIL)).rstrip(b"\0")
    end = _end_of_frames(tail)
    rest = tail[end:].lstrip(b"\0")
    return offset + len(tail) - len(rest), offset + len(tail)


def _end_of_frames(content: bytes) -> int:
    end = 0
    while pair := first_pair(content, end, within=len(content)):
        place, frame = pair
        while frame.fits(following := frame_at(content, place)):
            place += following.length if following and following.length else len(content)
        end = min(place, len(content))
    return end


def _without_tags(tail: bytes) -> bytes:
    """ID3v1, APEv2 and Lyrics3 as they follow one another at the end: a cover in them is no second file."""
    for _ in range(MOST_TAGS):
        if tail[-128:-125] == b"TAG":
            tail = tail[:-128]
        elif tail[-32:-24] == b"APETAGEX":
            has_head = tail[-9] & 0x80
            tail = tail[: -(int.from_bytes(tail[-20:-16], "little") + (32 if has_head else 0)) or None]
        elif tail[-9:] == b"LYRICS200" and tail[-15:-9].isdigit():
            tail = tail[: -(int(tail[-15:-9]) + 15)]
        else:
            break
    return tail
