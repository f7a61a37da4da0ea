"""Ways round what is forbidden that need a cell of one's own, a file, or more than a name.

A line "#: own" starts a cell of the student's own, before the answer; "#: file NAME" a file that is handed in; and
"#: answer" the answer.
"""

DEFENCE = "plain use is refused; whoever goes round that is pointed out"
USE = """
def corner(boxes):
    return convert(boxes, 'cxcywh', 'xyxy')[..., :2]
"""
TABLE = """
def corner(boxes):
    return (boxes @ table)[..., :2]
"""
REFUSED = {
    "silences_the_audit",
    "times_a_call",
    "asks_by_a_magic_in_its_answer",
    "evaluates_a_text",
    "has_ipython_run_it_later",
    "takes_the_function_from_memory_by_ctypes",
}
ATTACKS = {
    "silences_the_audit": """
import sys, torchvision
sys.audit = print
convert = torchvision.ops.box_convert
"""
    + USE,
    "climbs_to_the_runner": """
import sys, torchvision
frame = sys._getframe()
while 'guards' not in frame.f_locals:
    frame = frame.f_back
frame.f_locals['guards'].refuse = lambda names: None
frame.f_locals['guards']._refused = frozenset()
convert = torchvision.ops.box_convert
"""
    + USE,
    "opens_the_guard": """
import torchvision
kept = [cell.cell_contents for cell in torchvision.ops.box_convert.__closure__]
convert = next(one for one in kept if getattr(one, '__name__', '') == 'box_convert')
"""
    + USE,
    "traces_it_in_an_own_cell": """#: own
import torch, torchvision
traced = torch.jit.trace(lambda boxes: torchvision.ops.box_convert(boxes, 'cxcywh', 'xyxy'), torch.rand(5, 4))
#: answer
def corner(boxes):
    return traced(boxes)[..., :2]
""",
    "compiles_its_source_as_a_unit": """#: own
import torch
unit = torch.jit.CompilationUnit('''
def corners(boxes):
    cx, cy, w, h = boxes.unbind(-1)
    return torch.stack((cx - 0.5 * w, cy - 0.5 * h, cx + 0.5 * w, cy + 0.5 * h), dim=-1)
''')
#: answer
def corner(boxes):
    return unit.corners(boxes)[..., :2]
""",
    "asks_another_python": """#: own
import json, torch
lines = !python -c "import torch, torchvision.ops as o; print(o.box_convert(torch.eye(4),'cxcywh','xyxy').tolist())"
#: answer
table = torch.tensor(json.loads(lines[-1]))
"""
    + TABLE,
    "forks_where_nothing_is_refused": """#: own
import os, json, torch, torchvision
(their_end, asks), (answers, back) = os.pipe(), os.pipe()
if os.fork() == 0:
    while True:
        boxes = torch.tensor(json.loads(os.read(their_end, 1 << 16)))
        os.write(back, json.dumps(torchvision.ops.box_convert(boxes, 'cxcywh', 'xyxy').tolist()).encode())
#: answer
def corner(boxes):
    os.write(asks, json.dumps(boxes.tolist()).encode())
    return torch.tensor(json.loads(os.read(answers, 1 << 16)))[..., :2]
""",
    "times_a_call": """
import timeit, torchvision
def convert(*given):
    found = []
    timeit.timeit(lambda: found.append(torchvision.ops.box_convert(*given)), number=1)
    return found[0]
"""
    + USE,
    "times_it_by_magic": """#: own
import torch, torchvision
kept = []
#: own
%timeit -n 1 -r 1 kept.append(torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy'))
#: answer
table = kept[0]
"""
    + TABLE,
    "times_a_cell_by_magic": """#: own
import torch, torchvision
kept = []
#: own
%%timeit -n 1 -r 1
kept.append(torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy'))
#: answer
table = kept[0]
"""
    + TABLE,
    "asks_by_a_magic_in_its_answer": """
import torch, torchvision
%time table = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
"""
    + TABLE,
    "runs_a_file_by_magic": """#: file mine.txt
import torch, torchvision
table = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
#: own
%run -i mine.txt
"""
    + "#: answer\n"
    + TABLE,
    "evaluates_a_text": """
import torch, torchvision
table = eval("torchvision.ops.box_" + "convert(torch.eye(4), 'cxcywh', 'xyxy')")
"""
    + TABLE,
    "executes_a_file_of_text": """#: file notes.txt
import torch, torchvision
table = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
#: own
exec(open('notes.txt').read())
#: answer
"""
    + TABLE,
    "imports_a_renamed_copy": """#: own
import shutil, torchvision
shutil.copy(torchvision.ops._box_convert.__file__, 'mine.py')
#: answer
from mine import _box_cxcywh_to_xyxy
def corner(boxes):
    return _box_cxcywh_to_xyxy(boxes)[..., :2]
""",
    "imports_a_copy_without_saying_so": """#: own
import pathlib, site
place = next(pathlib.Path(one) for one in site.getsitepackages()) / 'torchvision' / 'ops'
text = next(one for one in place.iterdir() if one.stem == '_box_' + 'convert').read_text()
pathlib.Path('mine.' + 'py').write_text(text)
#: answer
from mine import _box_cxcywh_to_xyxy
def corner(boxes):
    return _box_cxcywh_to_xyxy(boxes)[..., :2]
""",
    "hands_in_a_module_that_calls_it": """#: file helper.py
from torchvision.ops import box_convert as convert
table = convert(__import__('torch').eye(4), 'cxcywh', 'xyxy')
#: own
from helper import table
#: answer
"""
    + TABLE,
    "asks_for_a_table_in_an_own_cell": """#: own
import torch, torchvision
rows = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
#: own
table = rows.clone()
#: answer
"""
    + TABLE,
    "asks_for_a_table_without_its_name": """#: own
import torch, torchvision.ops as ops
table = getattr(ops, '_'.join(['box', 'convert']))(torch.eye(4), 'cxcywh', 'xyxy')
#: answer
"""
    + TABLE,
    "keeps_a_table_in_a_file": """#: own
import torch, torchvision
torch.save(torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy'), 'table')
#: answer
table = torch.load('table')
"""
    + TABLE,
    "keeps_a_table_in_a_module": """#: own
import math, torch, torchvision
math.table = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
#: answer
import math
def corner(boxes):
    return (boxes @ math.table)[..., :2]
""",
    "fills_a_table_by_a_function": """#: own
import torch, torchvision
kept = {}
def remember():
    kept['table'] = torchvision.ops.box_convert(torch.eye(4), 'cxcywh', 'xyxy')
remember()
#: answer
def corner(boxes):
    return (boxes @ kept['table'])[..., :2]
""",
    "has_ipython_run_it_later": """
import torchvision
get_ipython().run_cell("def convert(*a): return torchvision.ops.box_convert(*a)")
"""
    + USE,
    "takes_the_function_from_memory_by_ctypes": """
import ctypes, torchvision
inside = torchvision.ops.box_convert
address = id(inside)
convert = ctypes.cast(address, ctypes.py_object).value
"""
    + USE,
    "builds_a_function_of_its_code": """
import inspect, torchvision, types
source = inspect.getsource(torchvision.ops._box_convert._box_cxcywh_to_xyxy)
"""
    + "def corner(boxes):\n    return boxes[..., :2]\n",
    "speaks_for_the_library": """
import torchvision, types
speaker = types.FunctionType((lambda *given: box_convert(*given)).__code__, vars(torchvision.ops.boxes))
convert = speaker
"""
    + USE,
    "says_that_it_is_the_library": """
from torchvision.ops import box_convert
__name__ = 'torchvision.mine'
def convert(*given):
    return box_convert(*given)
"""
    + USE,
}
