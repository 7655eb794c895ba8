"""One file a command line. ``COMMANDS`` names them; each is imported only when it is called, ``a b`` from ``a_b.py``."""

COMMANDS = {
    "generate": "draw a new dataset",
    "append": "draw more samples into a dataset",
    "filter": "remove occlusion from a dataset",
    "merge": "make one dataset of two",
    "verify": "check that a dataset is whole and holds what it says",
    "preview": "draw tiles of a dataset",
    "stats": "count what a dataset is made of",
    "twin": "write counterfactual pairs of a dataset",
    "coco": "write COCO instances with visible and amodal masks",
    "convert": "to and from YOLO, palette masks and plain folders",
    "train": "train a model on a dataset",
    "models": "list the architectures, their sizes and, with --speed, their speeds here",
    "evaluate": "measure a saved model on a dataset",
    "study": "measure what occlusion in the training data does",
    "study honesty": "measure what models say of pixels that no image can tell",
    "predict": "segment images of any kind with a saved model",
    "export": "write a saved model as ONNX, OpenVINO or torch program",
    "doctor": "check that a saved model is whole and still gives what it gave",
    "tune": "search for better settings of a training",
}
