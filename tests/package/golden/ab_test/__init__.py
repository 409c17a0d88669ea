"""Did the new page sell more?

A text notebook: the cells stand between `# %%` lines, and so do their tags.
"""
