"""A saved model in use: opened once and in one place, asked for probabilities, run elsewhere, exported."""
