"""The code that answers questions, one file for each place that is asked."""
