"""What joins rooms: the options and the work of the commands that train, measure, predict, export, study and tune."""
