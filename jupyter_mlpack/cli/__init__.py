"""``jupyter mlpack ...``: the door for people and scripts."""
