"""Forged values on the channel: wrong in number, or not what they say they are."""

from tests.attack_graders import reader_believes
from tests.attacks.order_is_ours import SPEAK

DEFENCE = "values are read with their count, type and size proven"
FORGE = (
    SPEAK
    + """
import numpy as np, safetensors.numpy
speak({'done': 1, 'status': 'ok'})
def forge(outcomes, arrays=None):
    body = safetensors.numpy.save(arrays) if arrays else b''
    speak({'check': 'corners', 'outcomes': outcomes}, body)
"""
)
WITHOUT = reader_believes
ATTACKS = {
    "sends_no_outcomes": FORGE
    + """
forge([])
""",
    "sends_no_outcomes_from_a_thread": """
import json, os, socket, struct
def speak(head, body=b''):
    text = json.dumps(head).encode()
    frame = struct.pack('>II', len(text), len(body)) + text + body
    for number in range(3, 64):
        try:
            end = socket.socket(fileno=os.dup(number))
            end.sendall(frame)
        except OSError:
            continue
import numpy as np, safetensors.numpy
def forge(outcomes, arrays=None):
    body = safetensors.numpy.save(arrays) if arrays else b''
    speak({'check': 'corners', 'outcomes': outcomes}, body)
import threading, time
def later():
    for _ in range(1000):
        forge([])
        time.sleep(0.001)
threading.Thread(target=later).start()
""",
}
