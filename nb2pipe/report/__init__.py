"""Findings as text: for people, for programs, and for those who review a change."""
