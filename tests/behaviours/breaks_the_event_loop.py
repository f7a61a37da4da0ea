"""Closes and replaces the loop its cells run in."""

# ends: finished
# %%
import asyncio

asyncio.get_event_loop().stop()
