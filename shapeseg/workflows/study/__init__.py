"""The study of occlusion: models trained with and without it, measured on the same test sets."""
