"""Draw a dataset of overlapping rectangles and ellipses, with the exact truth about every pixel.

python generate_data.py                                          # 1000 images in data/shapes
python generate_data.py --out data/tiny --num-images 50 --seed 1  # a second's worth
"""

from shapeseg.commands.generate import main

if __name__ == "__main__":
    raise SystemExit(main())
