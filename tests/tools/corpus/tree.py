"""XML trees in the style of this or that software: other prefixes, declarations on the root, white space between elements."""

import copy
from dataclasses import dataclass, field

from lxml import etree

from .names import USUAL_PREFIXES


@dataclass(frozen=True)
class Style:
    """How software writes its elements down; `prefixes` says what differs from the usual ones, None: the default namespace."""

    prefixes: dict = field(default_factory=dict)
    hoisted: bool = False  # all namespaces are declared on the root only
    indent: str | None = None  # white space for one step; None: none at all

    def prefix(self, namespace):
        return self.prefixes.get(namespace, USUAL_PREFIXES[namespace])


def namespaces_of(root):
    names = (name for element in root.iter("*") for name in (element.tag, *element.attrib))
    return list(dict.fromkeys(etree.QName(name).namespace for name in names if name[0] == "{"))


def _map(namespaces, style):
    return {style.prefix(namespace): namespace for namespace in namespaces}


def restyled(root, style):
    """A copy of the tree as the style wants it. Only for what is not signed yet."""

    def copied(old, parent, declared):
        names = [name for name in (old.tag, *old.attrib) if name[0] == "{"]
        needed = _map((etree.QName(name).namespace for name in names), style) | {k: v for k, v in declared.items() if k}
        new = etree.Element(old.tag, nsmap=needed) if parent is None else etree.SubElement(parent, old.tag, nsmap=needed)
        for name, value in old.attrib.items():
            new.set(name, value)
        new.text = old.text
        for child in old:
            if isinstance(child.tag, str):
                inherited = old.nsmap.values()
                copied(child, new, _map((n for n in child.nsmap.values() if n not in inherited), style))
            else:  # a comment or an instruction
                new.append(copy.deepcopy(child))
        return new

    # lxml invents ns0 and so on where a prefix was not said: those are not the software's own.
    declared = {prefix: namespace for prefix, namespace in root.nsmap.items() if prefix and not prefix.startswith("ns")}
    if style.hoisted:
        declared |= _map(namespaces_of(root), style)
    root = copied(root, None, declared)
    if style.indent is not None:
        etree.indent(root, style.indent)
    return root


def parse(text):
    return etree.fromstring(text, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))


def write(root, *, declaration=True):
    """UTF-8, byte for byte what the tree is; comments beside the root too."""
    return etree.tostring(root.getroottree(), encoding="UTF-8", xml_declaration=declaration)


def clone(root):
    return copy.deepcopy(root)
