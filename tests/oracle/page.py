#!/usr/bin/env python3
"""Opens the HTML report in a browser that is not ours.

usage: page.py FNGATE --work FOLDER [--chromium PATH] ARTIFACT...

One page of each artifact and one of all of them, on a wide and on a narrow screen, light and dark, and printed. The browser must have nothing
to say about it, ask for nothing from anywhere, have nothing wider than the screen, draw the treemap, and every text must stand out from what is
behind it by 4.5 to 1. Screenshots stay in FOLDER. Needs the `playwright` package and a Chromium.
"""
import argparse, os, shutil, subprocess, sys
from playwright.sync_api import sync_playwright

CONTRAST = """() => {
  const channels = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = channels(getComputedStyle(at).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walk = document.createTreeWalker(document.querySelector('body'), NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || ['title', 'STYLE'].includes(element.tagName) || !element.checkVisibility()) continue;
    const isDrawn = element.tagName === 'text';
    const style = getComputedStyle(element);
    const [a, b] = [channels(isDrawn ? style.fill : style.color), isDrawn ? channels(style.stroke) : behind(element)].map(light);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (!(ratio >= 4.5)) faint.push(`${ratio.toFixed(2)} ${walk.currentNode.data.trim().slice(0, 40)}`);
  }
  return faint;
}"""


def look(browser, page_path, work):
    wrong = []
    name = os.path.basename(page_path).removesuffix(".html")
    for width, scheme in [(1280, "light"), (1280, "dark"), (380, "light"), (380, "dark")]:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("request", lambda request: request.url.startswith("file:") or wrong.append(f"request: {request.url}"))
        page.goto("file://" + os.path.abspath(page_path))
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            wrong.append(f"{over} pixels wider than {width}")
        drawn = page.evaluate("[...document.querySelectorAll('.treemap')].filter((one) => one.checkVisibility() && one.getBoundingClientRect().height > 50).length")
        if drawn < 1:
            wrong.append(f"no picture at {width}")
        # Everything that opens is open, so that all of it is looked at.
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        wrong += [f"too faint ({scheme}): {text}" for text in page.evaluate(CONTRAST)[:5]]
        page.screenshot(path=os.path.join(work, f"{name}-{width}-{scheme}.png"))
        if (width, scheme) == (1280, "light"):
            page.pdf(path=os.path.join(work, f"{name}.pdf"), format="A4")
        page.close()
    return [f"{name}: {text}" for text in wrong]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("fngate")
    parser.add_argument("artifacts", nargs="+")
    parser.add_argument("--work", required=True)
    parser.add_argument("--chromium", default=shutil.which("chromium"))
    args = parser.parse_args()
    if not args.chromium:
        sys.exit("no chromium")
    os.makedirs(args.work, exist_ok=True)
    pages = []
    for number, artifacts in enumerate([[artifact] for artifact in args.artifacts] + [args.artifacts]):
        pages.append(os.path.join(args.work, f"page-{number}.html"))
        command = [args.fngate, "-q", "check", *artifacts, "--advisories", "offline", "--format", "html", "--output", pages[-1]]
        if subprocess.run(command).returncode not in (0, 1, 2) or not os.path.getsize(pages[-1]):
            sys.exit(f"no page: {artifacts}")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox"])
        wrong = [text for page in pages for text in look(browser, page, args.work)]
        browser.close()
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(pages)} pages")


main()
