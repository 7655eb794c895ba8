"""Measure a saved model on a dataset: scores, a table per image, pictures.

KERAS_BACKEND=torch python evaluate.py                                                     # newest run, test split
KERAS_BACKEND=torch python evaluate.py saved_models/reference/model.keras --split val --out reports/reference
"""

from shapeseg.__main__ import run_command

if __name__ == "__main__":
    raise SystemExit(run_command("evaluate"))
