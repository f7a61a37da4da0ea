"""`coursework hand-in [FOLDER]`: runs an assignment as a grader does, says what a grader will see, packs a zip."""
