"""What is forbidden, taken from the runner, from memory, or from the library's files: it is seen."""

DEFENCE = "guards hold few of these; what they are written with is pointed out"
USE = """
def corner(boxes):
    return convert(boxes, 'cxcywh', 'xyxy')[..., :2]
"""
REFUSED = {"moves_the_library_to_its_own_folder", "puts_another_gate_in"}
ATTACKS = {
    "reads_the_original": """
import coursework.checks.guards
convert = coursework.checks.guards._originals['torchvision.ops.box_convert']
"""
    + USE,
    "empties_the_list_of_what_is_refused": """
import coursework.checks.guards, torchvision
coursework.checks.guards._refused.clear()
convert = torchvision.ops.box_convert
"""
    + USE,
    "puts_another_gate_in": """
import coursework.checks.guards as forbid, torchvision
forbid.gate = lambda name, arguments, keywords: forbid._originals[name](*arguments, **keywords)
convert = torchvision.ops.box_convert
"""
    + USE,
    "moves_the_library_to_its_own_folder": """
import os, pathlib, sys, torchvision
pathlib.Path('helper.py').write_text(
    'from torchvision.ops import box_convert\\ndef convert(*a): return box_convert(*a)')
torchvision.__file__ = os.path.abspath('__init__.py')
sys.path.insert(0, os.getcwd())
from helper import convert
"""
    + USE,
    "reloads_the_module": """
import importlib, torchvision
convert = importlib.reload(torchvision.ops.boxes).box_convert
"""
    + USE,
    "forgets_the_module_and_imports_it_again": """
import sys, torchvision
del sys.modules['torchvision.ops.boxes']
from torchvision.ops.boxes import box_convert as convert
"""
    + USE,
    "loads_the_file_under_another_name": """
import importlib.util, torchvision
spec = importlib.util.spec_from_file_location('torchvision.ops.mine', torchvision.ops.boxes.__file__)
mine = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mine)
convert = mine.box_convert
"""
    + USE,
    "imports_a_copy_of_the_file": """
import pathlib, sys, torchvision
text = pathlib.Path(torchvision.ops.boxes.__file__).read_text().replace('from ..', 'from torchvision.')
pathlib.Path('mine.py').write_text(text.replace('from ._', 'from torchvision.ops._'))
sys.path.insert(0, '.')
from mine import box_convert as convert
"""
    + USE,
    "executes_the_source": """
import inspect, torchvision
space = {'__name__': 'torchvision.ops.mine', '__package__': 'torchvision.ops'}
exec(inspect.getsource(torchvision.ops.boxes), space)
convert = space['box_convert']
"""
    + USE,
    "looks_through_memory": """
import gc, torchvision, types
gc.unfreeze()
functions = [thing for thing in gc.get_objects() if type(thing) is types.FunctionType]
named = [f for f in functions if f.__name__ == 'box_convert' and f is not torchvision.ops.box_convert]
convert = named[0]
"""
    + USE,
    "takes_the_code_from_a_traceback": """
import torch, torchvision, types
try:
    torchvision.ops.box_iou(torch.zeros(2), torch.zeros(2), fmt='xywhr')
except Exception as error:
    at = error.__traceback__
    while at.tb_frame.f_code.co_name != 'box_convert':
        at = at.tb_next
    convert = types.FunctionType(at.tb_frame.f_code, vars(torchvision.ops.boxes))
"""
    + USE,
    "gives_its_code_to_another_function": """
import torch, torchvision
def convert(boxes, in_fmt, out_fmt):
    pass
try:
    torchvision.ops.box_iou(torch.zeros(2), torch.zeros(2), fmt='xywhr')
except Exception as error:
    at = error.__traceback__
    while at.tb_frame.f_code.co_name != 'box_convert':
        at = at.tb_next
    convert.__code__ = at.tb_frame.f_code
    globals().update({k: v for k, v in vars(torchvision.ops.boxes).items() if not k.startswith('__')})
"""
    + USE,
}
