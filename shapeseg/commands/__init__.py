"""One file a command line. ``COMMANDS`` names them; each is imported only when it is called."""

COMMANDS = {
    "generate": "draw a new dataset",
    "train": "train a model on a dataset",
    "evaluate": "measure a saved model on a dataset",
}
