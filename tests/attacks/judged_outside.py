"""Attacks on a verdict reached in the student's process. They succeed on stock nbgrader's way of testing."""

from tests.attack_graders import judged_inside

DEFENCE = "the judge runs in another process, on returned values"
WITHOUT = judged_inside
ATTACKS = {
    "fakes_allclose": """
import torch
torch.allclose = lambda *a, **k: True
""",
    "returns_an_object_that_answers_for_torch": """
class Yes:
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        return True
def corner(boxes):
    return Yes()
""",
    "returns_a_tensor_subclass_that_agrees": """
class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func is torch.allclose:
            return True
        return super().__torch_function__(func, types, args, kwargs or {})
def corner(boxes):
    return boxes[..., :2].as_subclass(Yes)
""",
    "drops_asserts_from_the_syntax_tree": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    "drops_asserts_from_the_text": r"""
get_ipython().input_transformers_post.append(
    lambda lines: [line if not line.startswith('assert') else 'pass\n' for line in lines])
""",
    "replaces_run_cell": """
from IPython.core.interactiveshell import ExecutionResult
get_ipython().run_cell = lambda *a, **k: ExecutionResult(None)
""",
    "replaces_run_code": """
async def nothing(*a, **k):
    return False
get_ipython().run_code = nothing
""",
    "takes_the_expected_from_the_callers_frame": """
import sys
def corner(boxes):
    return sys._getframe(1).f_globals.get('expected', boxes[..., :2])
""",
    "takes_the_expected_from_ipython": """
def corner(boxes):
    return get_ipython().user_ns.get('expected', boxes[..., :2])
""",
    "changes_what_the_test_compares_with": """
import sys
def corner(boxes):
    space = sys._getframe(1).f_globals
    if 'expected' in space:
        space['expected'].copy_(boxes[..., :2])
    return boxes[..., :2]
""",
    "neuters_the_reference": """
class Same(torch.Tensor):
    pass
_sub = torch.Tensor.__sub__
torch.Tensor.__sub__ = lambda a, b: a
""",
    "raises_the_tolerance": """
import functools
torch.allclose = functools.partial(torch.allclose, rtol=1e9, atol=1e9)
""",
    "hides_its_errors": """
shell = get_ipython()
_run = shell.run_cell
def run_cell(*a, **k):
    result = _run(*a, **k)
    result.error_in_exec = None
    return result
shell.run_cell = run_cell
""",
}
