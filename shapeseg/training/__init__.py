"""What is learned: loss, metrics, callbacks, the fit itself, and the folder of a run."""
