"""The study of honesty: what a model says for pixels that no image can decide, and what that costs on those that one can."""
