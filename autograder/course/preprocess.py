"""nbgrader's step that clears solutions, taught our two marks (see strip.py); named in nbgrader_config.py."""

from __future__ import annotations

from nbgrader import utils
from nbgrader.preprocessors import ClearSolutions

from .strip import strip_solution

ANSWER_HERE = "*Your answer here.*"


class StripSolutions(ClearSolutions):
    """Solution cells become what a student gets: code by `strip_solution`, written answers by one line to replace."""

    def preprocess_cell(self, cell, resources, cell_index):
        if utils.is_solution(cell):
            cell.source = strip_solution(cell.source) if cell.cell_type == "code" else ANSWER_HERE
        return cell, resources
