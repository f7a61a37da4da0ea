#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image: Python's packages, and the sandbox's programs.
set -euo pipefail
cd /autograder/source
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends bubblewrap util-linux python3 python3-venv
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv
    python=python3.11
fi
$python -m venv /opt/autograder
/opt/autograder/bin/python -m pip install --quiet --no-cache-dir --disable-pip-version-check -r requirements.lock
# The solutions lie here: for root, who grades, alone.
chmod -R go-rwx /autograder/source
# To be read in the image's build log. What counts is the container that a submission gets: it proves its own walls.
PYTHONPATH=$PWD /opt/autograder/bin/python -m autograder.lms.gradescope_run --walls
