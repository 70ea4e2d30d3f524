"""Decisions: functions over the model, and nothing else."""
