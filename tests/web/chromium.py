"""Debian's Chromium, which walks the dashboard, and what is looked for on every page."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any, Final

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

PHONE: Final = 360  # CSS pixels: what is still usable must fit

FAULTS: Final = """() => {
  const faults = [];
  const shown = each => each.checkVisibility();
  const told = (fault, each) => faults.push(fault + ": " + each.outerHTML.slice(0, 120));
  if (!document.documentElement.lang) faults.push("no language");
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  if (document.querySelectorAll("main").length !== 1) faults.push("not one main");
  for (const each of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!each.labels.length && !each.ariaLabel) told("no label", each);
  for (const each of document.querySelectorAll("a, button, summary"))
    if (shown(each) && !(each.ariaLabel || each.textContent.trim())) told("no words", each);
  for (const each of document.querySelectorAll(".badge"))
    if (!each.textContent.trim()) told("a colour alone", each);
  for (const each of document.querySelectorAll("table"))
    if (!each.caption || !each.caption.textContent.trim()) told("no caption", each);
  for (const each of document.querySelectorAll("img"))
    if (!each.hasAttribute("alt")) told("no alt", each);
  const ids = [...document.querySelectorAll("[id]")].map(each => each.id);
  for (const id of new Set(ids.filter((each, at) => ids.indexOf(each) !== at))) faults.push("twice: " + id);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(each => +each.tagName[1]);
  levels.forEach((level, at) => { if (at && level > levels[at - 1] + 1) faults.push("a level left out"); });

  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const linear = [r, g, b].map(part => part / 255)
      .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const back = each => {
    for (let node = each; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const each = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !shown(each) || each.closest("svg, script, option")) continue;
    const [one, other] = [luminance(numbers(getComputedStyle(each).color)), luminance(back(each))];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (ratio < 4.5) told("contrast " + ratio.toFixed(2), each);
  }
  return faults;
}"""


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Watched:
    """A page whose console is listened to. What the policy forbids stands there too."""

    def __init__(self, browser: Any, port: int, **options: Any) -> None:
        self.complaints: list[str] = []
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}", **options)
        self.page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def faults(self) -> list[str]:
        """Return what is wrong with the page that is shown: for people who do not see it, and on a phone."""
        found: list[str] = self.page.evaluate(FAULTS)
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": PHONE, "height": 780})
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE:
            found.append(f"{width} pixels wide on a phone")
        self.page.set_viewport_size(before)
        return found

    def is_well(self) -> None:
        """Assert that nothing is wrong with the page that is shown."""
        if found := self.faults():
            raise AssertionError("\n".join((self.page.url, *found)))
