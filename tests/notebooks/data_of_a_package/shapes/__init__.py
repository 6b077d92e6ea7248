import json
import os
from pathlib import Path

import scipy

HERE = Path(__file__).resolve().parent


def load():
    key = os.environ['SHAPES_API_KEY']
    table = (HERE / 'table.csv').read_text()
    return key, table, json.load(open('settings.json'))
