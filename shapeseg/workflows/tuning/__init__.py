"""The search for better settings of a training, which several processes and machines may share."""
