"""What every page is asked beside being right: axe's rules, and those of a good page that no reader should miss."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

# Targets of at least 24 by 24 px, or with as much room around them (WCAG 2.2, 2.5.8); axe asks it on demand only.
RULES = {"rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"], "selectors": False}
# Only what is wrong leaves the page: all that axe has to say of what is right takes as long again to bring out.
VIOLATIONS = """async (rules) => {
  const {violations} = await axe.run(rules);
  return violations.map(({id, nodes}) => `${id} ${nodes[0].html.slice(0, 120)}`);
}"""
SMALLEST_PX, SMALL_PART_PCT, MOST_ELEMENTS = 12, 5, 2_000
CRAFT = """([smallest, part, most]) => {
  const said = [];
  const head = (name) => document.querySelector(`meta[name=${name}]`)?.content ?? "";
  if (document.compatMode !== "CSS1Compat") said.push("no doctype");
  if (document.characterSet !== "UTF-8") said.push("another encoding");
  if (/user-scalable=no|maximum-scale/.test(head("viewport"))) said.push("cannot be zoomed");
  if (!head("viewport").includes("width=device-width")) said.push("is not as wide as the device");
  if (!head("description")) said.push("no description");
  if (!document.title.includes(" · ")) said.push(`no title of its own: ${document.title}`);
  if (document.querySelectorAll("h1").length !== 1) said.push("not one first heading");
  for (const image of document.images)
    if (!image.getAttribute("width") || !image.getAttribute("height")) said.push(`no size: ${image.outerHTML}`);
  for (const input of document.querySelectorAll("input[type=password], input[type=email]"))
    if (!input.autocomplete) said.push(`not filled in by itself: ${input.name}`);
  for (const link of document.querySelectorAll("a[href]:not(svg a)"))
    if (!/^(https?:|mailto:)/.test(link.href)) said.push(`leads nowhere: ${link.outerHTML.slice(0, 80)}`);
  const elements = document.getElementsByTagName("*").length;
  if (elements > most) said.push(`${elements} elements`);
  let all = 0, small = 0, word = "";
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const length = text.data.trim().length;
    if (!length || !text.parentElement.checkVisibility()) continue;
    all += length;
    if (parseFloat(getComputedStyle(text.parentElement).fontSize) < smallest) {
      small += length;
      word ||= text.data.trim().slice(0, 40);
    }
  }
  if (100 * small > part * all) said.push(`${Math.round(100 * small / all)} % is small: ${word}`);
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) said.push(`${wide} px too wide`);
  return said;
}"""


def problems(page: Page, path: str) -> list[str]:
    """What is wrong with a page, each with its path; nothing if it is well made."""
    page.evaluate(AXE_SCRIPT)
    said = page.evaluate(VIOLATIONS, RULES)
    said += page.evaluate(CRAFT, [SMALLEST_PX, SMALL_PART_PCT, MOST_ELEMENTS])
    return [f"{path}: {one}" for one in said]
