"""The verbs: collect, handle, deliver, remind. Each is one plain function that takes one turn.

Between two loops there is always a committed row, never a promise, so that any of them may stop at any moment and go
on from the rows. They know the store and the ports; which server, library or database stands behind is not theirs.
"""
