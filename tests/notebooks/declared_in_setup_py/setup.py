import os

from setuptools import setup

os.abort()
NEEDED = ["numpy>=1.20"]
setup(name="x", install_requires=NEEDED, extras_require={"tables": ["pandas<3"]}, python_requires=">=3.9")
