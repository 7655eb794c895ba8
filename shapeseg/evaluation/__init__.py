"""What is measured: counts, scores, the threshold. NumPy at its core; Keras only predicts."""
