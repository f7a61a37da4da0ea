"""Builds the students' notebooks from `solutions/`, runs them, and turns returned values into marks."""
