from . import __name__ as name
import requests


def area(side):
    return side * side
