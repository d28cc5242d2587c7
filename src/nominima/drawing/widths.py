"""How wide text is in the figures' font: cards are laid out by it, and text is held to it where fonts differ."""

from collections.abc import Iterator
from unicodedata import normalize

REGULAR = {
    191: "'", 222: "ijl‘’", 260: "|", 278: " !,./:;I[\\]ft·", 333: '()-`r“”²', 334: "{}", 355: '"', 389: "*", 395: "τ",
    400: "°", 446: "ε", 469: "^", 500: "Jcksvxyzγλ", 549: "≤≥≈√±", 556: "#$0123456789?L_abdeghnopqu–θ", 557: "δ",
    569: "ρ", 575: "β", 576: "μ", 578: "α", 584: "+<=>~−×", 611: "FTZß", 617: "σ", 648: "φ", 667: "&ABEKPSVXY",
    713: "∞", 722: "CDHNRUw", 778: "GOQ", 781: "ω", 833: "Mm", 889: "%", 944: "W", 1000: "—…→←", 1015: "@",
}  # fmt: skip
BOLD = {
    238: "'", 278: " ,./I\\ijl‘’·", 280: "|", 333: "!()-:;[]`ft²", 389: "*r{}", 400: "°", 446: "τ", 474: '"',
    475: "ε", 500: "z“”", 541: "θ", 549: "≤≥≈√±", 556: "#$0123456789J_aceksvxy–γλ", 584: "+<=>^~−×", 606: "δ",
    610: "β", 611: "?FLTZbdghnopquß", 612: "μ", 615: "α", 619: "ρ", 667: "EPSVXY", 684: "σ", 713: "∞", 715: "φ",
    722: "&ABCDHKNRU", 778: "GOQw", 833: "M", 845: "ω", 889: "%m", 944: "W", 975: "@", 1000: "—…→←",
}  # fmt: skip
"""Thousandths of the font's size → the signs of Liberation Sans (Arial, Helvetica) that are so wide."""
OTHER = 611  # what a sign is taken for that is in no table
WIDE = {
    bold: {sign: wide for wide, signs in table.items() for sign in signs}
    for bold, table in ((False, REGULAR), (True, BOLD))
}


def width(text: str, size: float = 13, *, bold: bool = False) -> float:
    """Pixels that a line of text takes at a size; an accent adds nothing to its letter."""
    return sum(WIDE[bold].get(normalize("NFD", sign)[0], OTHER) for sign in text) * size / 1000


def wrapped(text: str, room: float, size: float = 13, *, bold: bool = False) -> list[str]:
    """Text in lines of at most `room` pixels, broken at spaces; a longer word has a line of its own."""
    return list(_lines(text.split(), room, size, bold)) or [""]


def _lines(words: list[str], room: float, size: float, bold: bool) -> Iterator[str]:
    line = ""
    for word in words:
        longer = f"{line} {word}" if line else word
        if line and width(longer, size, bold=bold) > room:
            yield line
            longer = word
        line = longer
    if line:
        yield line
