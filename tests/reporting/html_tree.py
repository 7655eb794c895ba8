"""A page as a tree of elements, read by the standard library's parser."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "img", "link"}


class Element:
    def __init__(self, name, attributes, parent=None):
        self.name, self.attributes, self.parent, self.children = name, attributes, parent, []

    def all(self, *names):
        """Every element below with one of these names, in the page's order."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += ([child] if not names or child.name in names else []) + child.all(*names)
        return found

    @property
    def text(self):
        return "".join(child if isinstance(child, str) else child.text for child in self.children)


class _Builder(HTMLParser):
    def __init__(self):
        super().__init__()
        self.root = self.open = Element("", {})

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in {tag}"
        element = Element(tag, dict(attrs), self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_startendtag(self, tag, attrs):
        self.open.children.append(Element(tag, dict(attrs), self.open))

    def handle_endtag(self, tag):
        assert self.open.name == tag, f"{tag} closes {self.open.name}"
        self.open = self.open.parent

    def handle_data(self, data):
        self.open.children.append(data)


def read_html(text):
    """Returns the root; fails unless every element is closed in order."""
    builder = _Builder()
    builder.feed(text)
    builder.close()
    assert builder.open is builder.root
    return builder.root
