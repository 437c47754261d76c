"""Tags are written once, into a file whose own tags are not believed."""

from io import BytesIO

from mutagen.id3 import ID3, PRIV, TIT2
from mutagen.mp3 import MP3

from apps.library.tags import Tags, write_tags
from tests.library import sounds


def test_what_came_with_the_file_is_dropped_unread() -> None:
    """A frame may be compressed, and unpack to a gigabyte."""
    file = BytesIO(sounds.sound("mp3"))
    foreign = ID3()
    foreign.add(TIT2(encoding=3, text="theirs"))
    foreign.add(PRIV(owner="bomb", data=b"0" * 1_000_000))
    foreign.save(file)
    assert len(file.getvalue()) > 1_000_000

    write_tags(file, "mp3", Tags(title="Copper Rain", lyrics="[Verse 1]", prompt="slow disco"))

    file.seek(0)
    kept = MP3(fileobj=file)
    assert str(kept.tags["TIT2"]) == "Copper Rain"
    assert not kept.tags.getall("PRIV")
    assert kept.info.length > 0.5
