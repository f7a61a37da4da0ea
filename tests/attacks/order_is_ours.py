"""Attacks on the conversation: reports of cells that never ran."""

from tests.attack_graders import status_believed

DEFENCE = "points come from values, whatever the child says about its cells"
SPEAK = """
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
"""
WITHOUT = status_believed
ATTACKS = {
    "answers_for_the_check_cell": SPEAK
    + """
speak({'done': 1, 'status': 'ok'})
speak({'done': 2, 'status': 'ok'})
""",
    "answers_for_the_check_cell_and_dies": SPEAK
    + """
speak({'done': 1, 'status': 'ok'})
speak({'done': 2, 'status': 'ok'})
os._exit(0)
""",
    "sends_a_score": SPEAK
    + """
speak({'score': 100, 'done': 1, 'status': 'ok'})
speak({'score': 100, 'done': 2, 'status': 'ok'})
""",
}
