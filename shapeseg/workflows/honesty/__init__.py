"""The study of honesty: what a model says of pixels that no image can tell, and what that costs on those that one can."""
