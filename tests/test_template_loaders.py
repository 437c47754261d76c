"""Templates are read once, and without the indentation that is for those who write them."""

from collections.abc import Iterator
from pathlib import Path

from django.template import Context, Engine, Template
from django.template.base import TextNode
from django.template.loader import get_template
from django.template.loaders import cached

from flowweb.template_loaders import lean

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))


def texts(name: str) -> Iterator[str]:
    for node in get_template(name).template.nodelist.get_nodes_by_type(TextNode):
        yield node.s


def test_templates_are_compiled_once() -> None:
    (loader,) = Engine.get_default().template_loaders
    assert isinstance(loader, cached.Loader)
    assert get_template("base.html").template is get_template("base.html").template


def test_no_page_carries_its_indentation() -> None:
    assert len(TEMPLATES) > 150
    names = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]
    laid_out = {name for name in names for text in texts(name) if "\n " in text or "\n\n" in text}
    assert laid_out == set()
    assert any(text.startswith("\n") for text in texts("base.html")), "one break is left: it is a space"


def test_the_templates_of_packages_too() -> None:
    assert not [text for text in texts("django/forms/widgets/multiple_input.html") if "\n " in text]


def test_mail_keeps_its_lines() -> None:
    name = "account/email/base_message.txt"
    assert get_template(name).template.source == (ROOT / "templates" / name).read_text()


def test_what_is_typed_keeps_its_lines() -> None:
    """White space of the template goes, never that of what a page shows."""
    text = "<textarea>\n{% if words %}{{ words }}{% endif %}</textarea>\n    <pre>{{ words }}</pre>"
    words = "one\n\n    two"
    shown = Template(lean(text)).render(Context({"words": words}))
    assert shown == f"<textarea>\n{words}</textarea>\n<pre>{words}</pre>"
