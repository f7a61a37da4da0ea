"""Attacks that help the next student: what they change must not outlive their notebook."""

from tests.attack_graders import next_student, one_process_for_all

DEFENCE = "every notebook has a process and a folder of its own"
WITHOUT = one_process_for_all
OURS = next_student
ATTACKS = {
    "patches_torch_for_all": """
import torch
torch.allclose = lambda *a, **k: True
""",
    "hooks_every_later_cell": """
def right(boxes):
    return boxes[..., :2] - boxes[..., 2:] / 2
get_ipython().events.register('pre_run_cell', lambda info: get_ipython().user_ns.update(corner=right))
""",
    "transforms_all_later_cells": """
wrong, right = 'return boxes[..., :2]', 'return boxes[..., :2] - boxes[..., 2:] / 2'
get_ipython().input_transformers_post.append(lambda lines: [line.replace(wrong, right) for line in lines])
""",
}
