"""A page as a person without JavaScript has it: its fields with what is in them, and what is said beside each."""

import re
from html.parser import HTMLParser

from django.http import HttpResponse

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "path", "use", "wbr"}


class Element:
    def __init__(self, tag: str, attributes: dict[str, str | None]) -> None:
        self.tag, self.attributes = tag, attributes
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str | None:
        return self.attributes.get(name)

    @property
    def text(self) -> str:
        """As a browser shows it: white space is one space, but in what is written in."""
        raw = "".join(child if isinstance(child, str) else child.text for child in self.children)
        return raw if self.tag in {"textarea", "pre"} else re.sub(r"\s+", " ", raw)

    def all(self, tag: str = "", **attributes: str) -> "list[Element]":
        """Every element below, in order; `data_job="…"` means data-job, `name_="…"` means name."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        found = []
        for child in self.children:
            if isinstance(child, str):
                continue
            if tag in {"", child.tag} and all(child[name] == value for name, value in wanted.items()):
                found.append(child)
            found += child.all(tag, **attributes)
        return found

    def one(self, tag: str = "", **attributes: str) -> "Element":
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag in {each.tag for each in self._open}:
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


class Page(Element):
    """`Page(response)`; `status` is the answer's."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__("", {})
        builder = _Builder()
        builder.feed(response.content.decode())
        builder.close()
        self.children = builder.root.children
        self.status = response.status_code

    def value(self, name: str) -> str:
        """What is in the field of that name, as a browser would send it; "" for nothing chosen."""
        for field in self.all(name=name):
            if field.tag == "textarea":
                return field.text.removeprefix("\n")
            if field.tag == "select":
                chosen = [each for each in field.all("option") if "selected" in each.attributes]
                return (chosen or field.all("option"))[0]["value"] or ""
            if field["type"] in {"radio", "checkbox"}:
                if "checked" in field.attributes:
                    return field["value"] or "on"
            else:
                return field["value"] or ""
        assert self.all(name=name), f"no field {name}"
        return ""

    def wrong(self, name: str) -> str:
        """What is said beside the field, which is marked as wrong and points at it."""
        said = self.one(id=f"id_{name}_error")
        field = self.one(id=f"id_{name}")
        assert field["aria-invalid"] == "true"
        assert f"id_{name}_error" in (field["aria-describedby"] or "").split()
        return said.text.strip()

    @property
    def wrongs(self) -> list[str]:
        """The names of the fields beside which something is said."""
        ids = [each["id"] or "" for each in self.all("div")]
        return [each.removeprefix("id_").removesuffix("_error") for each in ids if each.endswith("_error")]

    @property
    def notice(self) -> str:
        """What is said above the form."""
        return " ".join(each.text.strip() for each in self.all(role="alert"))
