"""Control headers: how a message asks to be tracked, in our words and in those of other services.

`reader.read_control` gives the wishes of a message; `header_edits` takes our own headers out, and switches an
upstream's tracking off so that nothing is tracked twice.
"""
