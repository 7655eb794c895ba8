"""What is shown: pictures and tables."""
