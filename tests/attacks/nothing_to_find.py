"""Attacks that look for the right answers: in files, in the instructor's folders, in other processes' memory."""

from tests.attack_graders import expected_in_reach

DEFENCE = "nothing expected is ever where a notebook runs"
USE = """
def corner(boxes):
    fitting = [right for right in found if right.shape == (5, 2)]
    return fitting[-1] if fitting else boxes[..., :2]
"""
WITHOUT = expected_in_reach
ATTACKS = {
    "searches_its_folder": """
import pathlib, safetensors.torch
found = []
for path in sorted(pathlib.Path('.').rglob('hidden*.safetensors')):
    found += safetensors.torch.load_file(path).values()
"""
    + USE,
    "searches_the_whole_machine": """
import os, safetensors.torch
found = []
for top in ('/home', '/tmp', '/grader', '/dev/shm', '/root', '/srv'):
    for folder, folders, files in os.walk(top):
        folders[:] = [name for name in folders if name not in ('.venv', '.pyenv', 'lib')]
        for name in files:
            if name.startswith('hidden') and name.endswith('.safetensors'):
                found += safetensors.torch.load_file(os.path.join(folder, name)).values()
"""
    + USE,
    "imports_the_solution": """
import contextlib
for name in ('solution', 'solutions', 'small'):
    with contextlib.suppress(Exception):
        corner = __import__(name).corner
""",
}
