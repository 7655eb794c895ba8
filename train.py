"""Train a model that segments the rectangles, and only them.

KERAS_BACKEND=torch python train.py                                # default dataset, saved_models/unet-1
KERAS_BACKEND=torch python train.py --data data/tiny --epochs 1    # a few seconds, after generate_data.py --out data/tiny
"""

from shapeseg.__main__ import run_command

if __name__ == "__main__":
    raise SystemExit(run_command("train"))
