"""Contrast of controls and shapes, as WCAG 2 defines it (1.4.11).

axe-core judges the contrast of text (`tests/judges`), and looks at no edge of a field and no shape.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

Colour = tuple[int, int, int]

CONTROL = 3.0

# What is behind an element is blended from the ancestors' backgrounds; a canvas turns any CSS colour into RGB.
FOUND_ON_PAGE = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  const blend = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const behind = (element) => {
    const colours = [];
    for (let e = element; e; e = e.parentElement) colours.unshift(getComputedStyle(e).backgroundColor);
    return colours;
  };
  const looks = { opacityProperty: true, visibilityProperty: true };
  const seen = (e) => e.checkVisibility(looks) && !e.closest(".unseen, .skip");
  const edge = (e) => {
    const around = behind(e.parentElement);
    return { what: `${e.tagName} ${e.name ?? ""} ${e.className}`,
      front: blend([...around, getComputedStyle(e).borderTopColor]), back: blend(around) };
  };
  const all = [...document.body.querySelectorAll("*")].filter(seen);
  const fields = all.filter((e) => e.matches("input:not([type=radio]), textarea, select"));
  return [
    ...fields.map(edge),
    ...all.filter((e) => e.matches("button.quiet")).map(edge),
    ...all.filter((e) => e.matches("svg.shape")).map((e) => ({ what: "shape",
        front: blend([...behind(e), getComputedStyle(e).fill]), back: blend(behind(e)) })),
  ];
}"""


@dataclass(frozen=True)
class Found:
    """Something shown: what it is, and in which colours."""

    what: str
    front: Colour
    back: Colour

    @property
    def enough(self) -> bool:
        return ratio(self.front, self.back) >= CONTROL

    def __str__(self) -> str:
        return f"{self.what}: {ratio(self.front, self.back):.2f} ({self.front} on {self.back})"


def found_on(page: Page) -> list[Found]:
    """Return the fields, quiet buttons and shapes that are shown."""
    return [
        Found(f["what"], tuple(f["front"]), tuple(f["back"])) for f in page.evaluate(FOUND_ON_PAGE)
    ]


def ratio(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: Colour) -> float:
    """Return the relative luminance, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return float(part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
