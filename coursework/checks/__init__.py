"""The check protocol: how an exercise's check draws its inputs, what it returns, and what a student is told.

A check *returns what the student's code produced*; it never decides a mark itself. In a notebook the returned value
is compared with stored values for the seeds students see; a grader compares it outside, on seeds of its own.
"""
