"""The pictures of the README, made from the shipped graph: a view of the page, and a chart.

``python -m tests.serve.pictures`` writes them anew into ``docs/images``.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.graph_copy import ROOT, built_workspace, run_kg
from tests.serve.browser import browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = ROOT / "docs" / "images"


@contextmanager
def serving(workspace: Path) -> Iterator[str]:
    """Give the address of a server of a workspace, which runs in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "kg", "-C", str(workspace), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()


def write_pictures(folder: Path, chrome: Browser, address: str) -> list[Path]:
    """Write the pictures into a folder, and return their files.

    Args:
        folder: The folder.
        chrome: A browser.
        address: A server of the shipped graph.
    """
    claims, chart = folder / "claims.png", folder / "launches.svg"
    page = chrome.new_page(viewport={"width": 1100, "height": 860}, base_url=address)
    page.goto("/claims?record=contradicts&document=")
    page.get_by_role("link", name="What it is about").first.click()
    page.locator(".filled").first.wait_for()
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=claims)
    page.close()
    done = run_kg(built_workspace(), "query", "launches-per-year-and-class", "-o", str(chart))
    assert done.returncode == 0, done.stderr
    return [claims, chart]


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    with serving(built_workspace()) as served, browser() as made:
        for path in write_pictures(IMAGES, made, served):
            print(path.relative_to(ROOT))
