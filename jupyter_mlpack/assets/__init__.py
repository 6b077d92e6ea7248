"""Data and models for an image: declared, fetched once by hash, put into layers of their own."""
