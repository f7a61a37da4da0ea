"""All that crosses the wall: this folder runs on the stranger's side, and imports of ours only `coursework`."""
