"""What runs beside a student, for any course: checks of exercises, a tutor's words, progress, handing in."""
