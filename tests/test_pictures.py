"""The pictures in the documents are there, are shown with words, and weigh little."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PICTURES = sorted((ROOT / "docs" / "images").glob("*"))
SHOWN = re.compile(r'!\[([^\]]+)\]\(([^)]+)\)|<img alt="([^"]+)"\s+src="([^"]+)"')


def test_each_picture_is_shown_with_words_and_each_shown_one_is_there() -> None:
    shown = {
        (document.parent / (found[2] or found[4])).resolve()
        for document in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))
        for found in SHOWN.finditer(document.read_text("utf-8"))
        if not (found[2] or found[4]).startswith("https:")
    }
    assert PICTURES
    assert shown == set(PICTURES)


def test_pictures_weigh_little() -> None:
    sizes = {picture.name: picture.stat().st_size for picture in PICTURES}
    assert {name: size for name, size in sizes.items() if size > 150_000} == {}
    assert sum(sizes.values()) < 1_000_000
