"""What the notebook of this example shares with other programs."""
