"""Attacks with the answers that students have: those on the visible seeds."""

from tests.attack_graders import visible_seeds_only

DEFENCE = "marks rest on seeds drawn for the run"
LOAD = """
import safetensors.torch
known = safetensors.torch.load_file('visible.safetensors')
"""
INSIDE = """
import sys
def climb():
    frame = sys._getframe()
    while 'Courier' not in frame.f_globals:
        frame = frame.f_back
    return frame.f_globals
inside = climb()  # the namespace of the module that runs the cells
"""
WITHOUT = visible_seeds_only
ATTACKS = {
    "looks_the_answers_up": LOAD
    + """
from coursework import Draw
table = {tuple(Draw(int(seed), 'corners').boxes_cxcywh(5).flatten().tolist()): right for seed, right in known.items()}
def corner(boxes):
    return table.get(tuple(boxes.flatten().tolist()), boxes[..., :2])
""",
    "looks_the_answers_up_roughly": LOAD
    + """
from coursework import Draw
inputs = [(Draw(int(seed), 'corners').boxes_cxcywh(5), right) for seed, right in known.items()]
def corner(boxes):
    return min(inputs, key=lambda pair: (pair[0] - boxes).abs().sum())[1]
""",
    "makes_every_draw_a_known_one": LOAD
    + """
from coursework.checks import draw
_made = draw.Draw.__init__
def known_seed(self, seed, name='', jitter=0.0):
    _made(self, seed if str(seed) in known else 11, name, jitter)
    self.known = known[str(self.seed)]
draw.Draw.__init__ = known_seed
import sys
def corner(boxes):
    return sys._getframe(1).f_locals['draw'].known
""",
    "replaces_the_runner_of_checks": LOAD
    + """
from coursework import Outcome, freeze
from coursework.checks import notebook
notebook.run_check = lambda function, name, seed, *_, **__: Outcome(freeze(known.get(str(seed), known['11'])))
""",
    "replaces_freeze": LOAD
    + """
from coursework.checks import running
_freeze = running.freeze
queue = iter([known['11'], known['12']])
running.freeze = lambda value: _freeze(next(queue, known['11']))
""",
    "calls_the_check_itself_first": LOAD
    + """
from coursework.checks.notebook import Check
from coursework import Outcome, freeze
from coursework.checks import notebook
def call(self):
    seeds, record, _ = notebook._recording
    record[self.name] = [Outcome(freeze(known.get(str(seed), known['11']))) for seed in seeds]
Check.__call__ = call
""",
    "rewrites_the_record_from_a_thread": LOAD
    + """
import threading, time
from coursework import Outcome, freeze
from coursework.checks import notebook
def later():
    for _ in range(4000):
        current = notebook._recording
        if current and current[1]:
            current[1]['corners'] = [Outcome(freeze(known.get(str(seed), known['11']))) for seed in current[0]]
            return
        time.sleep(0.0002)
threading.Thread(target=later).start()
def corner(boxes):
    time.sleep(0.01)
    return boxes[..., :2]
_exit = type(notebook.recording([])).__exit__
def slow(self, *a):
    time.sleep(0.1)
    return _exit(self, *a)
type(notebook.recording([])).__exit__ = slow
""",
    "replaces_recording": LOAD
    + INSIDE
    + """
import contextlib
from coursework import Outcome, freeze
_real = inside['recording']
@contextlib.contextmanager
def recording(seeds, jitter=0.0):
    with _real(seeds) as record:
        yield record
    record['corners'] = [Outcome(freeze(known.get(str(seed), known['11']))) for seed in seeds]
inside['recording'] = recording
""",
    "hooks_the_courier": LOAD
    + INSIDE
    + """
import safetensors.numpy, numpy as np
_send = inside['Courier'].send
def send(self, head, body=b''):
    if 'outcomes' in head:
        rows = [known['11'].numpy(), known['12'].numpy(), known['11'].numpy()]
        body = safetensors.numpy.save({str(i): row for i, row in enumerate(rows)})
        value = {'dtype': 'float32', 'kind': 'tensor'}
        head = {**head, 'outcomes': [{'value': {'$array': str(i), **value}} for i in range(3)]}
    _send(self, head, body)
inside['Courier'].send = send
""",
}
