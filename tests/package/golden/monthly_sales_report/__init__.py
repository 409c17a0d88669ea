"""Monthly sales report.

For the meeting on the first Monday. Change the month below, nothing else.
"""
