"""Draw a dataset of overlapping rectangles and ellipses, with the exact truth about every pixel.

python generate_data.py                                          # 1000 images in data/shapes
python generate_data.py --out data/tiny --num-images 50 --seed 1  # a second's worth
"""

from shapeseg.__main__ import run_command

if __name__ == "__main__":
    raise SystemExit(run_command("generate"))
