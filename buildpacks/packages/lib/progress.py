"""Tells how far the packages are."""

from __future__ import annotations


class Progress:
    """Counts packages: those to be made are half done once installed, the other half as they are compiled.

    uv's downloads are shown as they come.
    """

    def __init__(self, total: int, found: int) -> None:
        self.total, self.found, self.done = total, found, 0

    def line(self, text: str) -> None:
        """One line of uv, unless it only repeats the lock."""
        if text and not text.startswith((" + ", "Using ", "Resolved ", "Prepared ", "Installed ")):
            print(f"     {text}")

    def reach(self, share: float) -> None:
        """This share of what was missing is in place."""
        done = self.found + int(share * (self.total - self.found) + 1e-6)
        if done > self.done:
            self.done = done
            print(f"[mlpack] packages {done} of {self.total}")
