"""Jobs on named targets: where they may run, how they are handed over, found again, and brought home."""
