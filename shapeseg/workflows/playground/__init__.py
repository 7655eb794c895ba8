"""The playground: a page in the browser whose truth, ambiguity and belief come from this package, over a local connection."""
