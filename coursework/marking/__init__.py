"""What checks returned, as plain data, and what is made of it: points, and a tutor's words.

Nothing here imports torch or runs a student's code: a grader's trusted half needs this and no more.
"""
