"""What ``report.html`` is made of: its sections, charts, style sheet and scripts."""
