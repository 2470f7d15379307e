"""A written page as its tags, and what a folder of reports must hold."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

VOID = frozenset({"br", "circle", "hr", "img", "input", "link", "meta", "path", "rect"})


@dataclass(frozen=True)
class Tag:
    """An opening tag: name, attributes, place among the events of the page, the tags around it."""

    name: str
    attributes: dict[str, str]
    place: int
    around: tuple[Tag, ...]

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()


class PageReader(HTMLParser):
    """Tags in order, each with those around it; texts with the tag that holds them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.source = path, path.read_text(encoding="utf-8")
        self.tags: list[Tag] = []
        self.texts: list[tuple[str, tuple[Tag, ...]]] = []
        self._open: list[Tag] = []
        self._count = 0
        self.feed(self.source)
        self.close()
        assert self._open == [], f"not closed: {[tag.name for tag in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count += 1
        found = Tag(tag, {name: value or "" for name, value in attrs}, self._count, tuple(self._open))
        self.tags.append(found)
        if tag not in VOID:
            self._open.append(found)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._count += 1
        self.tags.append(Tag(tag, {k: v or "" for k, v in attrs}, self._count, tuple(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> without a beginning"
        assert self._open.pop().name == tag, f"</{tag}> closes another"

    def handle_data(self, data: str) -> None:
        self._count += 1
        self.texts.append((data, tuple(self._open)))

    def all(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    def of_class(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if name in tag.classes]

    def values(self, attribute: str) -> list[str]:
        return [tag.attributes[attribute] for tag in self.tags if attribute in tag.attributes]

    def text_in(self, outer: Tag) -> str:
        return "".join(text for text, around in self.texts if outer in around)

    @property
    def style(self) -> str:
        return "".join(text for text, around in self.texts if around and around[-1].name == "style")

    @property
    def text(self) -> str:
        return "".join(
            text for text, around in self.texts if not {tag.name for tag in around} & {"style", "title"}
        )
